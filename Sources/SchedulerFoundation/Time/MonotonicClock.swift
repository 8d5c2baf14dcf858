/// A clock whose instants only grow, and by which everybody in a process agrees.
public protocol SteadyClock: Clock where Instant == ContinuousClock.Instant, Duration == Swift.Duration {}

extension ContinuousClock: SteadyClock {}

/// The monotonic time by which leases, terms, time limits, polls and backoff count.
///
/// The machine's, unless a test replaces it for everything that a task does, child tasks included.
public struct MonotonicClock: SteadyClock {
    @TaskLocal public static var source: any SteadyClock = ContinuousClock()

    public init() {}

    public static var now: ContinuousClock.Instant { source.now }

    /// Waits for a time.
    ///
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    public static func sleep(for duration: Duration) async throws { try await source.sleep(for: duration) }

    public var now: ContinuousClock.Instant { MonotonicClock.now }
    public var minimumResolution: Duration { MonotonicClock.source.minimumResolution }

    public func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration? = nil) async throws {
        try await MonotonicClock.source.sleep(until: deadline, tolerance: tolerance)
    }
}
