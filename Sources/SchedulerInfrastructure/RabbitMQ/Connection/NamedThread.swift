import SchedulerErrors
import SchedulerFoundation

/// A thread of its own for calls that block, whose end can be seen.
final class NamedThread: Sendable {
    private let ended = OneShot<Void>()

    /// Starts the thread at once.
    ///
    /// - Throws: `unavailable` where the system allows no more threads.
    init(_ name: String, body: @escaping @Sendable () -> Void) throws {
        let ended = ended
        try BlockingThread.start(named: name) {
            body()
            // Its last act; joining would block a thread of Swift's.
            ended.settle(())
        }
    }

    var hasEnded: Bool { ended.isSettled }
}
