public import Logging
public import SchedulerDomain
import SchedulerErrors

/// Day partitions of the history and of the attempts, made in the owner's session ahead of time.
///
/// A partition is made apart and then attached. Rows of its range that the default partition has taken move in the
/// attaching transaction, which therefore locks the default partition; it gives up within two seconds rather than
/// make writers wait, and the next pass tries again.
public struct PostgreSQLHistoryPartitions: HistoryPartitions {
    private static let tables = [
        PartitionedTable(name: "run_history", key: "id"), PartitionedTable(name: "run_attempts", key: "run_id"),
    ]

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
            guard let today = try session.execute(PartitionSQL.now, [now]).first({ try $0.instant() }) else {
                return []
            }
            var made: [String] = []
            for offset in 0...max(0, daysAhead) {
                let day = HistoryDay(containing: today.advanced(by: .seconds(86_400 * offset)))
                for table in Self.tables where try session.make(table, day, term) { made.append(table.partition(day)) }
            }
            return made
        }
    }

    /// Closes the session.
    public func shutdown() async { await pool.shutdown() }
}

private struct PartitionedTable {
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

    static let exists = PostgresStatement.read("partitions.exists", "SELECT to_regclass($1) IS NOT NULL")

    /// The CHECK spares a scan of the new table when it is attached.
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
    /// - Returns: false where the partition was there already.
    fileprivate func make(_ table: PartitionedTable, _ day: HistoryDay, _ term: LockLease) throws -> Bool {
        try transaction { session in
            try session.verify(term)
            let exists = try session.execute(PartitionSQL.exists, [.text(table.partition(day))]).first { try $0.bool() }
            guard exists == false else { return false }
            try session.script("making \(table.partition(day))", PartitionSQL.make(table, day))
            return true
        }
    }
}
