/// Where the books are kept, and how patient we are with it.
public struct DatabaseConfig: Sendable {
    /// Nil where nothing is configured: `standalone` then keeps a SQLite file in its data folder.
    public var url: DatabaseLocation?
    /// The owner's connection for migrations and partitions; nil means `url` serves for both.
    public var ownerURL: ConnectionURL?
    public var poolSize = Defaults.poolSize
    /// How many calls may wait for a connection; beyond it they fail.
    public var maxWaitingCalls = Defaults.maxWaitingCalls
    public var acquireTimeout = Defaults.acquireTimeout
    public var connectTimeout = Defaults.connectTimeout
    public var statementTimeout = Defaults.statementTimeout
    public var migrateOnStart = Defaults.migrateOnStart

    public init() {}
}

enum DatabaseSettings {
    static let url = Setting(
        "database.url", alias: "DATABASE_URL", default: nil, .database, isSecret: true,
        "Where the books are kept: `postgres://user:password@host:5432/name`, or `sqlite:///path` for `standalone`."
    )
    static let ownerURL = Setting(
        "database.owner_url", alias: "DATABASE_OWNER_URL", default: nil, .connection(schemes: ConnectionURL.postgres),
        isSecret: true, defaultText: "`database.url`",
        "PostgreSQL as the owner of the tables, for migrations and partitions."
    )
    static let poolSize = Setting(
        "database.pool_size", default: Defaults.poolSize, .integer(1...1_000), "Connections to PostgreSQL per process."
    )
    static let maxWaitingCalls = Setting(
        "database.max_waiting_calls", default: Defaults.maxWaitingCalls, .integer(1...1_000_000),
        "How many calls may wait for a free connection; more are answered with 503."
    )
    static let acquireTimeout = Setting(
        "database.acquire_timeout_seconds", default: Defaults.acquireTimeout, .seconds(0.1...600),
        "The longest wait for a free connection."
    )
    static let connectTimeout = Setting(
        "database.connect_timeout_seconds", default: Defaults.connectTimeout, .seconds(0.1...600),
        "The longest wait for a new connection."
    )
    static let statementTimeout = Setting(
        "database.statement_timeout_seconds", default: Defaults.statementTimeout, .seconds(0.1...3_600),
        "The longest time of one statement."
    )
    static let migrateOnStart = Setting(
        "database.migrate_on_start", default: Defaults.migrateOnStart, .flag,
        "Whether a role brings the schema up to date before it serves."
    )

    static let all = [
        url.summary, ownerURL.summary, poolSize.summary, maxWaitingCalls.summary, acquireTimeout.summary,
        connectTimeout.summary, statementTimeout.summary, migrateOnStart.summary,
    ]
}

extension DatabaseConfig {
    init(from reader: inout SettingReader) {
        url = reader.read(DatabaseSettings.url)
        ownerURL = reader.read(DatabaseSettings.ownerURL)
        poolSize = reader.read(DatabaseSettings.poolSize)
        maxWaitingCalls = reader.read(DatabaseSettings.maxWaitingCalls)
        acquireTimeout = reader.read(DatabaseSettings.acquireTimeout)
        connectTimeout = reader.read(DatabaseSettings.connectTimeout)
        statementTimeout = reader.read(DatabaseSettings.statementTimeout)
        migrateOnStart = reader.read(DatabaseSettings.migrateOnStart)
    }
}
