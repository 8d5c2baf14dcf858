private import CLinux
private import Glibc
public import SchedulerErrors

/// A thread of our own, for calls that block: Swift's cooperative threads are few and must never wait in C.
public enum BlockingThread {
    /// Starts a detached thread that runs `body` once.
    ///
    /// - Parameter name: shown by the system's tools; at most 15 bytes count.
    /// - Throws: `unavailable` where the system allows no more threads.
    public static func start(named name: String, _ body: @escaping @Sendable () -> Void) throws(SchedulerError) {
        let start = Unmanaged.passRetained(Start(name, body))
        var thread = pthread_t()
        let error = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                scheduler_set_thread_name(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        guard error == 0 else {
            start.release()
            throw SchedulerError(
                .unavailable, "the system allows no more threads (error \(error)); raise the limit of tasks")
        }
        pthread_detach(thread)
    }

    /// Starts a thread without which the process cannot work at all.
    ///
    /// - Precondition: the system allows another thread.
    public static func startRequired(named name: String, _ body: @escaping @Sendable () -> Void) {
        do {
            try start(named: name, body)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
}
