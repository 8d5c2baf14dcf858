private import CPostgres
import SchedulerDomain
import SchedulerErrors

extension PostgresSession {
    /// Connects and sets what every session of ours needs.
    ///
    /// Blocks at most `connectTimeout` per host.
    ///
    /// - Throws: `storeUnavailable` where no server answers or takes us.
    static func connect(_ configuration: PostgresConfiguration) throws -> PostgresSession {
        // What stands before `dbname` is a default that the URL may override.
        let options: [(String, String)] = [
            ("fallback_application_name", configuration.applicationName),
            ("connect_timeout", String(max(2, configuration.connectTimeout.components.seconds))),
            ("keepalives", "1"), ("keepalives_idle", "10"), ("keepalives_interval", "3"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "10000"),
            ("dbname", configuration.url),
        ]
        let connection = withCStrings(options.map(\.0)) { keys in
            withCStrings(options.map(\.1)) { values in PQconnectdbParams(keys, values, 1) }
        }
        guard let connection else { throw SchedulerError(.internal, "no memory for a database connection") }
        guard PQstatus(connection) == CONNECTION_OK else {
            defer { PQfinish(connection) }
            throw unreachable(connection, configuration)
        }
        // Until it is ours, the limits of connecting hold.
        let session = PostgresSession(taking: connection, answerTimeout: max(.seconds(2), configuration.connectTimeout))
        try session.script("session settings", settings(configuration))
        session.answerTimeout = configuration.statementTimeout + configuration.answerGrace
        return session
    }

    /// Limits that the server keeps, so that a process stopped or gone in the middle of a transaction releases its
    /// locks within seconds.
    ///
    /// No just-in-time compilation, which costs our short statements more than it gives. A queue's tables are empty
    /// one second and hold ten thousand rows the next: a plan that reads them whole, or that was made for the empty
    /// ones, makes work of the square of that. So statements walk indexes, and are planned for what is there when they
    /// are executed (manual, 20.7.1 and 20.7.4).
    private static func settings(_ configuration: PostgresConfiguration) -> String {
        """
        SET statement_timeout = \(configuration.statementTimeout.milliseconds);
        SET lock_timeout = \(configuration.lockTimeout.milliseconds);
        SET idle_in_transaction_session_timeout = \(configuration.idleInTransactionTimeout.milliseconds);
        SET tcp_keepalives_idle = 10;
        SET tcp_keepalives_interval = 3;
        SET tcp_keepalives_count = 3;
        SET tcp_user_timeout = 10000;
        SET timezone = 'UTC';
        SET jit = off;
        SET enable_seqscan = off;
        SET plan_cache_mode = force_custom_plan;
        SET client_min_messages = warning;
        """
    }

    /// Names the address, which is safe to show; libpq's text goes to the log only.
    private static func unreachable(
        _ connection: OpaquePointer, _ configuration: PostgresConfiguration
    ) -> SchedulerError {
        let host = PQhost(connection).map { String(cString: $0) } ?? ""
        let port = PQport(connection).map { String(cString: $0) } ?? ""
        return SchedulerError(
            .storeUnavailable,
            "the database at \(host):\(port) does not answer or refuses us; check \(configuration.key) and the server",
            underlying: PostgresError(message: String(cString: PQerrorMessage(connection))))
    }

    /// Passes strings as the null-terminated list that libpq takes.
    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = strings.map { Array($0.utf8CString) }
        func pass(_ index: Int, _ pointers: [UnsafePointer<CChar>?]) -> Result {
            guard index < copies.count else { return body(pointers + [nil]) }
            return copies[index].withUnsafeBufferPointer { pass(index + 1, pointers + [$0.baseAddress]) }
        }
        return pass(0, [])
    }
}
