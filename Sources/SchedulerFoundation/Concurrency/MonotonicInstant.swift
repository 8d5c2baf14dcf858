private import Glibc
private import SchedulerDomain

/// A point of the machine's monotonic clock, for deadlines of blocking calls: a plain number that C calls understand.
public struct MonotonicInstant: Sendable, Hashable, Comparable {
    /// Since an arbitrary start, usually that of the machine.
    public let nanoseconds: Int64

    public static var now: MonotonicInstant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicInstant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    public static func after(_ duration: Duration) -> MonotonicInstant { now.advanced(by: duration) }

    public func advanced(by duration: Duration) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: nanoseconds + duration.microseconds * 1_000)
    }

    public var hasPassed: Bool { self <= .now }

    /// How long until it comes, in milliseconds rounded up, as `poll` takes it; 0 when it has passed.
    public var pollTimeout: Int32 {
        let left = nanoseconds - MonotonicInstant.now.nanoseconds
        return left <= 0 ? 0 : Int32(clamping: (left + 999_999) / 1_000_000)
    }

    public static func < (lhs: MonotonicInstant, rhs: MonotonicInstant) -> Bool { lhs.nanoseconds < rhs.nanoseconds }
}
