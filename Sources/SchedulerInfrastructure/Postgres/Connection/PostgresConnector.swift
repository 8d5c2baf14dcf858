import Logging
import SchedulerErrors
import SchedulerFoundation
private import Synchronization

/// Gives the threads of a pool their sessions, and fails fast while the server is away.
///
/// After a failed attempt the next one waits for a backoff that all threads share, and only one thread tries; calls
/// meanwhile fail at once, so an outage neither blocks callers nor ends in a storm of connections.
final class PostgresConnector: Sendable {
    /// No session could be had; nothing was executed.
    struct NoSession: Error {
        let reason: any Error
    }

    private struct State {
        var backoff = Backoff(base: .milliseconds(100), limit: .seconds(2))
        /// Set while the server counts as away.
        var retryAt: MonotonicInstant?
        var isTrying = false
        var cancellers: [ObjectIdentifier: PostgresCanceller] = [:]
    }

    private let configuration: PostgresConfiguration
    private let logger: Logger
    private let state = Mutex(State())

    init(_ configuration: PostgresConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    var connected: Int { state.withLock { $0.cancellers.count } }
    var isUnreachable: Bool { state.withLock { $0.retryAt != nil } }
    var cancellers: [PostgresCanceller] { state.withLock { Array($0.cancellers.values) } }

    /// Runs a closure with the slot's session, in a second one where the first is lost before anything was changed.
    ///
    /// - Throws: `NoSession`; else what the closure throws.
    func run<Output>(
        _ what: String, in slot: inout PostgresSession?, _ body: (PostgresSession) throws -> Output
    ) throws -> Output {
        var isFirst = true
        while true {
            let session: PostgresSession
            do { session = try self.session(in: &slot, for: what) } catch { throw NoSession(reason: error) }
            defer {
                if session.isBroken || session.isInTransaction {
                    discarded(session)
                    slot = nil
                }
            }
            session.beginWork()
            do {
                return try body(session)
            } catch  where isFirst && session.mayRepeat(after: error) {
                isFirst = false
            }
        }
    }

    /// Returns the slot's session, connecting it where it is missing or was ended by the server.
    private func session(in slot: inout PostgresSession?, for what: String) throws -> PostgresSession {
        if let session = slot {
            if session.isAlive() { return session }
            discarded(session)
            slot = nil
        }
        try admit(what)
        do {
            let session = try PostgresSession.connect(configuration)
            reached(with: session)
            slot = session
            return session
        } catch {
            missed(error)
            throw error
        }
    }

    /// Forgets a session that its owner drops.
    func discarded(_ session: PostgresSession) {
        state.withLock { _ = $0.cancellers.removeValue(forKey: ObjectIdentifier(session.canceller)) }
    }

    private func admit(_ what: String) throws {
        let isAdmitted = state.withLock { state in
            guard let retryAt = state.retryAt else { return true }
            guard !state.isTrying, retryAt.hasPassed else { return false }
            state.isTrying = true
            return true
        }
        guard isAdmitted else {
            throw SchedulerError(.storeUnavailable, "\(what): the database cannot be reached now; try again")
        }
    }

    private func reached(with session: PostgresSession) {
        let wasAway = state.withLock { state in
            state.cancellers[ObjectIdentifier(session.canceller)] = session.canceller
            state.backoff.reset()
            state.isTrying = false
            defer { state.retryAt = nil }
            return state.retryAt != nil
        }
        if wasAway { logger.notice("The database can be reached again") }
    }

    private func missed(_ error: any Error) {
        let isFirst = state.withLock { state in
            defer { state.retryAt = .after(state.backoff.next()) }
            state.isTrying = false
            return state.retryAt == nil
        }
        // Once per outage, not once per attempt.
        if isFirst {
            logger.warning(
                "The database cannot be reached; trying again",
                metadata: [
                    LogKey.error: "\(String(reflecting: error))"
                ])
        }
    }
}
