private import Glibc
public import SchedulerDomain

/// The machine's wall clock.
public struct SystemClock: SchedulerClock {
    public init() {}

    public var now: UTCInstant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UTCInstant(microsecondsSinceEpoch: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    public var minimumResolution: Duration { .microseconds(1) }

    /// Sleeps for the distance to the deadline as it is now; a jump of the wall clock meanwhile does not move the end.
    public func sleep(until deadline: UTCInstant, tolerance: Duration?) async throws {
        try await Task.sleep(for: now.duration(to: deadline), tolerance: tolerance, clock: .continuous)
    }
}
