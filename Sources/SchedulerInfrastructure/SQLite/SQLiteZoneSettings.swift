public import SchedulerDomain

/// How far fire times follow the time zone rules, in SQLite.
public final class SQLiteZoneSettings: ZoneSettings {
    private let database: SQLiteDatabase

    init(_ database: SQLiteDatabase) { self.database = database }

    public func zoneProgress() async throws -> ZoneProgress? {
        try await database.read("zoneProgress") { transaction in
            try transaction.row(SQLiteZoneSQL.progress) { try $0.value(ZoneProgress.self) }
        }
    }

    public func upcoming(after last: TaskID?, limit: Int) async throws -> UpcomingTasks {
        try await database.read("upcoming") { transaction in
            let first = last?.rawValue ?? .min
            let rows = try transaction.rows(SQLiteTaskSQL.upcoming, transaction.now.column, first, limit) {
                (task: try $0.task(), decided: $0.optionalInstant())
            }
            return UpcomingTasks(
                now: transaction.now, tasks: rows.map(\.task),
                decided: Dictionary(uniqueKeysWithValues: rows.map { ($0.task.id, $0.decided) })
                    .compactMapValues { $0 })
        }
    }

    public func move(_ moves: [FireTimeMove], progress: ZoneProgress, term: LockLease) async throws -> Set<TaskID> {
        try await database.write("move") { transaction in
            try transaction.check(term)
            try transaction.execute(
                SQLiteZoneSQL.setProgress, try SQLiteValue.json(progress), transaction.now.column)
            return Set(try moves.filter { try transaction.move($0) }.map(\.task))
        }
    }
}

/// The statements of `SQLiteZoneSettings`, named after its methods.
private enum SQLiteZoneSQL {
    static let progress = "SELECT value FROM settings WHERE key = 'zones'"

    static let setProgress = """
        INSERT INTO settings (key, value, updated_at) VALUES ('zones', ?, ?)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at
        """

    static let move = """
        UPDATE tasks SET next_run_at = ?, status = ?
        WHERE id = ? AND version = ? AND next_run_at = ? AND next_run_at > ? AND status = 'active'
            AND deleted_at IS NULL
        """
}

extension SQLiteTransaction {
    fileprivate func move(_ move: FireTimeMove) throws -> Bool {
        let status: TaskStatus = move.to == nil ? .inactive : .active
        try execute(
            SQLiteZoneSQL.move, move.to?.column, status.rawValue, move.task.rawValue, move.version, move.from.column,
            now.column)
        return changes > 0
    }
}
