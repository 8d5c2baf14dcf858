public import Logging
public import SchedulerDomain
import SchedulerErrors

/// Day partitions of the history, the attempts and the logs, made in the owner's session ahead of time.
///
/// A partition is made apart and then attached. Rows of its range that the default partition has taken move in the
/// attaching transaction, which therefore locks the default partition; it gives up within two seconds rather than
/// make writers wait, and the next pass tries again.
public struct PostgreSQLHistoryPartitions: HistoryPartitions {
    private let pool: PostgresPool
    private let clock: (@Sendable () -> UTCInstant)?

    /// - Parameters:
    ///   - configuration: reaches the database as the owner of the tables.
    ///   - clock: virtual time of a test; nil takes the server's.
    public init(
        configuration: PostgresConfiguration, clock: (@Sendable () -> UTCInstant)? = nil, logger: Logger
    ) {
        var configuration = configuration
        configuration.poolSize = 1
        configuration.lockTimeout = .seconds(2)
        pool = PostgresPool(configuration, name: "partitions", logger: logger)
        self.clock = clock
    }

    public func prepare(daysAhead: Int, term: LockLease) async throws -> [String] {
        let now = PostgresParameter.instant(clock?())
        return try await pool.withSession("prepare partitions") { session in
            try session.preparePartitions(daysAhead: daysAhead, now: now) { try $0.verify(term) }
        }
    }

    /// Closes the session.
    public func shutdown() async { await pool.shutdown() }
}

private struct PartitionedTable {
    static let all = [
        PartitionedTable(name: "run_history", key: "id"), PartitionedTable(name: "run_attempts", key: "run_id"),
        PartitionedTable(name: "run_logs", key: "run_id"),
    ]

    let name: String
    let key: String

    func partition(_ day: HistoryDay) -> String { "\(name)_\(day.name)" }
}

/// A day and the run ids that begin in it.
private struct HistoryDay {
    /// `20261121`.
    let name: String
    let lowest: RunID
    /// The first id of the day after.
    let limit: RunID

    init(containing instant: UTCInstant) {
        let seconds = instant.secondsSinceEpoch
        let day = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let date = CivilDate(daysSinceEpoch: day)
        name = String(date.year * 10_000 + Int64(date.month) * 100 + Int64(date.day))
        lowest = .lowest(at: UTCInstant(secondsSinceEpoch: day * 86_400))
        limit = .lowest(at: UTCInstant(secondsSinceEpoch: (day + 1) * 86_400))
    }
}

private enum PartitionSQL {
    static let now = PostgresStatement.read("partitions.now", "SELECT coalesce($1, now())")

    /// One maker at a time: the leader, or a migration.
    static let lock = PostgresStatement.write("partitions.lock", "SELECT pg_advisory_xact_lock(7237003)")

    static let exists = PostgresStatement.read("partitions.exists", "SELECT to_regclass($1) IS NOT NULL")

    /// The CHECK spares a scan of the new table when it is attached.
    ///
    /// A reader that was planned just before sees the moved rows in neither table, once; so the migrator makes the
    /// first partitions, and days are made ahead.
    static func make(_ table: PartitionedTable, _ day: HistoryDay) -> String {
        let partition = table.partition(day)
        let range = "\(table.key) >= '\(day.lowest)' AND \(table.key) < '\(day.limit)'"
        return """
            CREATE TABLE \(partition) (LIKE \(table.name) INCLUDING ALL, CHECK (\(range)));
            LOCK TABLE \(table.name)_default IN ACCESS EXCLUSIVE MODE;
            WITH moved AS (DELETE FROM \(table.name)_default WHERE \(range) RETURNING *)
            INSERT INTO \(partition) SELECT * FROM moved;
            ALTER TABLE \(table.name) ATTACH PARTITION \(partition)
                FOR VALUES FROM ('\(day.lowest)') TO ('\(day.limit)');
            """
    }
}

extension PostgresSession {
    /// Makes the partitions of today and of the given number of days ahead; those that exist stay.
    ///
    /// - Parameter check: begins each transaction, and throws where the caller may not do this now.
    /// - Returns: the names of the partitions made.
    func preparePartitions(
        daysAhead: Int, now: PostgresParameter, check: (PostgresSession) throws -> Void = { _ in }
    ) throws -> [String] {
        guard let today = try execute(PartitionSQL.now, [now]).first({ try $0.instant() }) else { return [] }
        var made: [String] = []
        for offset in 0...max(0, daysAhead) {
            let day = HistoryDay(containing: today.advanced(by: .seconds(86_400 * offset)))
            for table in PartitionedTable.all where try make(table, day, check) { made.append(table.partition(day)) }
        }
        return made
    }

    /// - Returns: false where the partition was there already.
    private func make(
        _ table: PartitionedTable, _ day: HistoryDay, _ check: (PostgresSession) throws -> Void
    ) throws -> Bool {
        try transaction { session in
            try check(session)
            try session.execute(PartitionSQL.lock)
            let exists = try session.execute(PartitionSQL.exists, [.text(table.partition(day))]).first { try $0.bool() }
            guard exists == false else { return false }
            try session.script("making \(table.partition(day))", PartitionSQL.make(table, day))
            return true
        }
    }
}
