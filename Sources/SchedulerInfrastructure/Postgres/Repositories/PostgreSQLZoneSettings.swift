public import SchedulerDomain
import SchedulerErrors

/// How far fire times follow the time zone rules, in PostgreSQL.
public struct PostgreSQLZoneSettings: ZoneSettings {
    let context: PostgresContext

    public func zoneProgress() async throws -> ZoneProgress? {
        try await context.pool.withSession("read the zones' progress") { session in
            try session.execute(ZoneSQL.progress).first { try $0.optionalJSONText() }?
                .map { try PostgresJSON.decode(ZoneProgress.self, $0) }
        }
    }

    public func upcoming(after last: TaskID?, limit: Int) async throws -> UpcomingTasks {
        let now = context.now
        return try await context.pool.withSession("find upcoming tasks") { session in
            guard let time = try session.execute(ZoneSQL.now, [now]).first({ try $0.instant() }) else {
                throw SchedulerError(.internal, "the store did not tell its time")
            }
            let rows = try session.execute(
                ZoneSQL.upcoming, [.instant(time), .int8(last?.rawValue ?? .min), .int8(Int64(limit))]
            ).map { (task: try $0.taskDefinition(), decided: try $0.optionalInstant()) }
            return UpcomingTasks(
                now: time, tasks: rows.map(\.task),
                decided: Dictionary(uniqueKeysWithValues: rows.map { ($0.task.id, $0.decided) })
                    .compactMapValues { $0 })
        }
    }

    public func move(_ moves: [FireTimeMove], progress: ZoneProgress, term: LockLease) async throws -> Set<TaskID> {
        let now = context.now
        return try await context.pool.transaction("move fire times") { session in
            try session.verify(term)
            let tasks = try session.lockTasks(moves.map(\.task), now: now)
            let valid = moves.filter { tasks[$0.task]?.accepts($0) ?? false }
            try session.execute(
                ZoneSQL.move,
                [
                    .int8s(valid.map(\.task.rawValue)), .instants(valid.map(\.to)), .bools(valid.map { $0.to == nil }),
                ])
            try session.execute(
                ZoneSQL.setProgress, [.jsonbTexts([try PostgresJSON.encode(progress)]), now])
            return Set(valid.map(\.task))
        }
    }
}

/// Its statements, named after its methods.
private enum ZoneSQL {
    static let move = PostgresStatement.write(
        "zones.move",
        """
        UPDATE tasks SET next_run_at = moved.next, status = CASE WHEN moved.ends THEN 'inactive' ELSE status END
        FROM unnest($1, $2, $3) AS moved (id, next, ends)
        WHERE tasks.id = moved.id
        """)

    static let progress = PostgresStatement.read("zones.progress", "SELECT value FROM settings WHERE key = 'zones'")

    static let now = PostgresStatement.read("zones.now", "SELECT coalesce($1, now())")

    static let upcoming = PostgresStatement.read(
        "zones.upcoming",
        """
        SELECT \(TaskColumns.all), (
                   SELECT coalesce(last_scheduled_at, scheduled_at) FROM task_fires WHERE task_id = task.id
                   ORDER BY scheduled_at DESC LIMIT 1)
        FROM \(TaskColumns.source)
        WHERE task.status = 'active' AND task.deleted_at IS NULL AND task.next_run_at > $1 AND task.id > $2
        ORDER BY task.id LIMIT $3
        """)

    static let setProgress = PostgresStatement.write(
        "zones.setProgress",
        """
        INSERT INTO settings (key, value, updated_at)
        SELECT 'zones', value, coalesce($2, now()) FROM unnest($1) AS given (value)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at
        """)
}

extension LockedTask {
    /// The compare and set of a move.
    fileprivate func accepts(_ move: FireTimeMove) -> Bool {
        status == .active && !isDeleted && version == move.version && nextRunAt == move.from && move.from > now
    }
}
