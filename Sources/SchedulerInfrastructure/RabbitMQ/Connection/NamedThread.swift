import CLinux
import Glibc
import SchedulerErrors

/// A thread of its own for calls that block, so that Swift's threads stay free.
final class NamedThread: Sendable {
    private let ended = OneShot<Void>()

    /// Starts the thread at once.
    ///
    /// - Parameter name: at most 15 bytes are shown by the system's tools.
    /// - Throws: `messageQueue` where the system has no thread left.
    init(_ name: String, body: @escaping @Sendable () -> Void) throws {
        let ended = ended
        let start = Start {
            scheduler_set_thread_name(name)
            body()
            ended.settle(())
        }
        let argument = Unmanaged.passRetained(start)
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, argument.toOpaque())
        guard status == 0 else {
            argument.release()
            throw SchedulerError(.messageQueue, "the system has no thread left for the message queue (errno \(status))")
        }
        // Its end is seen by `ended`, its last act; joining would block a thread of Swift's.
        pthread_detach(thread)
    }

    var hasEnded: Bool { ended.isSettled }

    private final class Start: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
