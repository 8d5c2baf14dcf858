public import Logging
public import SchedulerDomain
public import ServiceLifecycle

/// Hints between processes by LISTEN and NOTIFY on the channel `scheduler_wake`.
///
/// One thread with one session both listens and notifies, so `send` never waits for the database. The thread starts
/// with the first use. While the connection is away hints are kept, one of each kind and a few
/// that name a worker; after a reconnect every kind is
/// told once, since something may have been missed.
public final class PostgresWakeUps: WakeUps, Service {
    private let listener: PostgresListener

    public init(_ configuration: PostgresConfiguration, logger: Logger) {
        listener = PostgresListener(configuration, logger: logger)
    }

    public func send(_ hint: WakeUp) async { listener.send(hint) }

    public func stream() -> AsyncStream<WakeUp> { listener.stream() }

    /// Listens until the service group shuts down.
    public func run() async throws {
        listener.start()
        // Ends by a shutdown or by cancellation, which mean the same here.
        do { try await gracefulShutdown() } catch is CancellationError {}
        await shutdown()
    }

    /// Ends the thread and all streams.
    public func shutdown() async { await listener.stop() }
}
