import GRDB
import SchedulerDomain
import SchedulerErrors

/// The file with its connections and its clock, shared by the repositories of one store.
///
/// Statements run on the database library's own threads; callers await them. Writes follow one another on one
/// connection, each in its own `BEGIN IMMEDIATE` transaction, which is what locks and leaders are for elsewhere.
final class SQLiteDatabase: Sendable {
    private let pool: DatabasePool
    private let clock: @Sendable () -> UTCInstant

    /// Opens or makes the file and brings its schema up to date.
    ///
    /// - Throws: `configuration` where the file cannot be opened.
    init(path: String, clock: @escaping @Sendable () -> UTCInstant) throws {
        self.clock = clock
        do {
            pool = try DatabasePool(path: path, configuration: SQLiteDatabase.configuration)
            // The pool turns WAL on and with it a weaker `synchronous`, after every hook of its own configuration.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try SQLiteMigrations.migrator.migrate(pool)
        } catch {
            throw SchedulerError.sqlite(error, opening: path)
        }
    }

    /// Runs a body as one write transaction: all of it or nothing.
    ///
    /// - Parameter statement: what it does, for errors.
    func write<Result: Sendable>(
        _ statement: String, _ body: @Sendable (SQLiteTransaction) throws -> Result
    ) async throws -> Result {
        do {
            return try await pool.write { [clock] db in try body(SQLiteTransaction(db: db, now: clock())) }
        } catch {
            throw SchedulerError.sqlite(error, during: statement)
        }
    }

    /// Runs a body on a snapshot that no writer changes.
    func read<Result: Sendable>(
        _ statement: String, _ body: @Sendable (SQLiteTransaction) throws -> Result
    ) async throws -> Result {
        do {
            return try await pool.read { [clock] db in try body(SQLiteTransaction(db: db, now: clock())) }
        } catch {
            throw SchedulerError.sqlite(error, during: statement)
        }
    }

    /// Closes the connections; the file is whole without it too.
    func close() throws { try pool.close() }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "scheduler.sqlite"
        configuration.foreignKeysEnabled = true
        // Another process (a backup, a person with a shell) may hold the file for a moment.
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 4
        return configuration
    }
}

/// A transaction under way and the time it happens at. What the repositories do is in its extensions.
struct SQLiteTransaction {
    let db: Database
    let now: UTCInstant

    /// Runs a statement; its compiled form is kept by the connection.
    func execute(_ sql: String, _ arguments: (any DatabaseValueConvertible)?...) throws {
        try db.cachedStatement(sql: sql).execute(arguments: StatementArguments(arguments))
    }

    /// How many rows the last statement changed.
    var changes: Int { db.changesCount }

    /// Returns all rows of a query.
    func rows<Value>(
        _ sql: String, _ arguments: (any DatabaseValueConvertible)?...,
        read: (inout SQLiteRowReader) throws -> Value
    ) throws -> [Value] {
        try rows(sql, StatementArguments(arguments), read: read)
    }

    func rows<Value>(
        _ sql: String, _ arguments: StatementArguments, read: (inout SQLiteRowReader) throws -> Value
    ) throws -> [Value] {
        let cursor = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
        var values: [Value] = []
        while let row = try cursor.next() {
            var reader = SQLiteRowReader(row)
            values.append(try read(&reader))
        }
        return values
    }

    /// Returns the first row of a query; nil where there is none.
    func row<Value>(
        _ sql: String, _ arguments: (any DatabaseValueConvertible)?...,
        read: (inout SQLiteRowReader) throws -> Value
    ) throws -> Value? {
        try rows(sql, StatementArguments(arguments), read: read).first
    }
}
