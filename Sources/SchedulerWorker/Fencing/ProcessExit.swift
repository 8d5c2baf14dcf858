import Glibc
import Logging
import SchedulerFoundation

/// The end of a process that cannot stop what it runs.
enum ProcessExit {
    /// A fault inside (`EX_SOFTWARE` of sysexits.h).
    static let code: Int32 = 70
    /// How long the log may hold it up.
    private static let patience: UInt32 = 200_000

    /// Says why and ends the process without any clean-up, which could hang as well; its keeper ends its tasks.
    static func now(_ sentence: String, logger: Logger) -> Never {
        let code = code
        try? BlockingThread.start(named: "fence-exit") {
            logger.critical("\(sentence)")
            _exit(code)
        }
        usleep(patience)
        _exit(code)
    }
}
