private import Glibc
public import Logging
import SchedulerErrors
import SchedulerFoundation
private import Synchronization

/// Sessions with a thread each, all taking closures from one bounded queue: the queue is the pool, and a transaction is
/// one closure.
///
/// Documented as `DatabaseManager`.
public final class PostgresPool: Sendable {
    /// How the pool stands.
    public struct Health: Sendable, Hashable {
        /// Sessions that execute now.
        public var active: Int
        /// Sessions that are connected.
        public var connected: Int
        public var max: Int
        public var waiting: Int
        /// Whether the last attempt to connect failed and none has succeeded since.
        public var isUnreachable: Bool
    }

    /// What a thread holds: its session, connected at the first use.
    private struct Slot {
        var session: PostgresSession?
    }

    /// How long a call whose thread has no session waits before it tries another.
    private static let pause = Duration.milliseconds(10)

    private let acquireTimeout: Duration
    private let threads: BlockingThreads<Slot>
    private let connector: PostgresConnector

    public init(_ configuration: PostgresConfiguration, name: String = "postgres", logger: Logger) {
        acquireTimeout = configuration.acquireTimeout
        connector = PostgresConnector(configuration, logger: logger)
        threads = BlockingThreads(
            name, count: configuration.poolSize, capacity: configuration.maxWaiting,
            waitLimit: configuration.acquireTimeout
        ) { Slot() }
    }

    public var health: Health {
        let load = threads.load
        return Health(
            active: load.busy, connected: connector.connected, max: load.threads, waiting: load.waiting,
            isUnreachable: connector.isUnreachable)
    }

    /// Runs a closure with a session on the thread that owns it.
    ///
    /// A closure whose session is lost before it changed anything runs once more in another: after the server has
    /// restarted, sessions that look alive are found dead by whoever uses them first.
    ///
    /// - Parameter what: names the work in errors.
    /// - Throws: `overloaded` where no session became free in time, `storeUnavailable` where the server is away;
    ///   else what the closure throws.
    func withSession<Output: Sendable>(
        _ what: String, _ body: @escaping @Sendable (PostgresSession) throws -> Output
    ) async throws -> Output {
        let deadline = MonotonicInstant.after(acquireTimeout)
        while true {
            do {
                return try await threads.run { [connector] slot in
                    try connector.run(what, in: &slot.session, body)
                }
            } catch let missing as PostgresConnector.NoSession {
                // A server that takes no more sessions still serves those that others of our threads have.
                guard connector.connected > 0, !deadline.hasPassed else { throw missing.reason }
                try await Task.sleep(for: PostgresPool.pause)
            }
        }
    }

    /// Runs one transaction; whole again where it lost against a concurrent one.
    func transaction<Output: Sendable>(
        _ what: String, _ body: @escaping @Sendable (PostgresSession) throws -> Output
    ) async throws -> Output {
        try await withSession(what) { session in try session.transaction(body) }
    }

    /// Cancels every statement under way; those fail as `timeout`.
    ///
    /// Returns when the server has taken the requests.
    public func cancelStatements() async {
        let cancellers = connector.cancellers
        guard !cancellers.isEmpty else { return }
        await withCheckedContinuation { continuation in
            BlockingThread.startRequired(named: "pg-cancel") {
                for canceller in cancellers { canceller.cancel() }
                continuation.resume()
            }
        }
    }

    /// Closes all sessions once what is under way has ended; later calls throw `unavailable`.
    public func shutdown() async { await threads.shutdown() }
}
