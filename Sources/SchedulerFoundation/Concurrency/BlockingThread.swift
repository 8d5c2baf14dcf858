private import Glibc

/// A thread of our own, for calls that block: Swift's cooperative threads are few and must never wait in C.
public enum BlockingThread {
    /// Starts a detached thread that runs `body` once.
    public static func start(_ body: @escaping @Sendable () -> Void) {
        let start = Unmanaged.passRetained(Start(body))
        var thread = pthread_t()
        let error = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, start.toOpaque())
        precondition(error == 0, "the system refuses another thread (error \(error)); raise the limit of tasks")
        pthread_detach(thread)
    }

    private final class Start: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
