import Glibc
import SchedulerDomain

/// Points in time that two processes of one machine understand: the clock that also goes on while the machine sleeps.
///
/// Each direction reads its clocks in the order in which a stop of the process in between makes the result earlier, never
/// later.
enum SharedClock {
    static func microseconds(of instant: ContinuousClock.Instant) -> Int64 {
        let shared = now
        return shared + ContinuousClock.now.duration(to: instant).microseconds
    }

    static func instant(of microseconds: Int64) -> ContinuousClock.Instant {
        let here = ContinuousClock.now
        // What rounding took from the other reading.
        return here + .microseconds(microseconds - now - 1)
    }

    private static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}
