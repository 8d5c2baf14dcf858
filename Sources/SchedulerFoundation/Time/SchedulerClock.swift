public import SchedulerDomain

/// Wall-clock time that can be replaced in tests.
///
/// Leases, terms and time-outs use monotonic clocks instead.
public protocol SchedulerClock: Clock where Instant == UTCInstant, Duration == Swift.Duration {}
