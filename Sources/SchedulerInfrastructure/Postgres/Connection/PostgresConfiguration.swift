private import CPostgres
import SchedulerErrors

/// How a process reaches PostgreSQL.
public struct PostgresConfiguration: Sendable {
    /// `postgres://user:password@host:port/database?sslmode=…`, all that libpq understands, several hosts included.
    public let url: String
    /// The key that `url` came from, for messages.
    public let key: String
    /// Shown in `pg_stat_activity`.
    public var applicationName = "scheduler"
    /// Sessions, each with a thread of its own.
    public var poolSize = 10
    /// How many calls may wait for a session; beyond it they fail as `overloaded`.
    public var maxWaiting = 4_096
    /// How long a call may wait for a session.
    public var acquireTimeout: Duration = .seconds(5)
    /// How long an attempt to connect to one host may take; whole seconds, at least 2 (a rule of libpq).
    public var connectTimeout: Duration = .seconds(5)
    /// How long the server lets a statement run.
    public var statementTimeout: Duration = .seconds(10)
    /// How much longer than `statementTimeout` the client waits for the answer before it gives the session up.
    public var answerGrace: Duration = .seconds(2)
    /// How long the server lets a statement wait for a lock.
    public var lockTimeout: Duration = .seconds(5)
    /// How long a session may stand idle inside a transaction, so that a stopped process holds no locks.
    public var idleInTransactionTimeout: Duration = .seconds(2)

    /// - Throws: `configuration` naming `key` where the text is not a PostgreSQL URL. The message never quotes it.
    public init(url: String, key: String = "DATABASE_URL") throws {
        let isPostgres = url.hasPrefix("postgres://") || url.hasPrefix("postgresql://")
        guard isPostgres, !url.utf8.contains(0), let options = PQconninfoParse(url, nil) else {
            throw SchedulerError(
                .configuration,
                "\(key) is not a PostgreSQL URL; write it as postgres://user:password@host:5432/database")
        }
        PQconninfoFree(options)
        self.url = url
        self.key = key
    }
}

/// The documented name of the pool of database sessions.
public typealias DatabaseManager = PostgresPool
