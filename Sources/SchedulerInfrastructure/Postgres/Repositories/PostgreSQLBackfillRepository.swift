public import SchedulerDomain
import SchedulerErrors

/// Backfills in PostgreSQL.
public struct PostgreSQLBackfillRepository: BackfillRepository {
    let context: PostgresContext

    public func begin(_ backfill: Backfill) async throws -> Backfill {
        let now = context.now
        return try await context.pool.transaction("begin a backfill") { session in
            let rows = try session.execute(
                BackfillSQL.begin,
                [
                    .uuid(backfill.id.bits), .text(backfill.tenant.rawValue), .int8(backfill.task.rawValue),
                    .instant(backfill.from), .instant(backfill.to), .int4(backfill.limit), .text(backfill.createdBy),
                    now,
                ])
            guard let begun = try rows.first({ try $0.backfill() }) else {
                throw SchedulerError(.internal, "the store returned no backfill")
            }
            return begun
        }
    }

    public func add(_ runs: [NewRun], to backfill: RunID, atMost limit: Int) async throws -> BackfillStep {
        let now = context.now
        return try await context.pool.transaction("backfill runs") { session in
            try session.add(runs, to: backfill, atMost: limit, now: now)
        }
    }

    public func finish(_ backfill: RunID, remainingFrom: UTCInstant?) async throws {
        let now = context.now
        try await context.pool.withSession("finish a backfill") { session in
            _ = try session.execute(BackfillSQL.finish, [.uuid(backfill.bits), .instant(remainingFrom), now])
        }
    }

    public func find(_ id: RunID, task: TaskID, tenant: TenantID) async throws -> BackfillProgress? {
        let now = context.now
        return try await context.pool.withSession("find a backfill") { session in
            try session.backfillProgress(id, task: task, tenant: tenant, now: now)
        }
    }

    public func cancel(_ id: RunID, task: TaskID, tenant: TenantID) async throws -> BackfillProgress? {
        let now = context.now
        return try await context.pool.transaction("cancel a backfill") { session in
            // Whoever adds runs holds this row, and whoever ends some shares it: what they bring about is committed
            // and found by `cancelRuns`, or does not come about.
            try session.execute(BackfillSQL.lock, [.uuid(id.bits)])
            guard let progress = try session.backfillProgress(id, task: task, tenant: tenant, now: now) else {
                return nil
            }
            guard progress.state != .completed, progress.state != .cancelled else { return progress }
            try session.execute(BackfillSQL.cancel, [.uuid(id.bits), now])
            return try session.backfillProgress(id, task: task, tenant: tenant, now: now)
        }
    }

    public func cancelRuns(of backfill: RunID, limit: Int, reason: String) async throws -> Int {
        let now = context.now
        return try await context.pool.transaction("cancel runs of a backfill") { session in
            try session.cancelRuns(of: backfill, limit: limit, reason: reason, now: now)
        }
    }

    public func fires(of task: TaskID, in range: Range<UTCInstant>, limit: Int) async throws -> [BackfilledFire] {
        try await context.pool.withSession("list backfilled fires") { session in
            try session.execute(
                BackfillSQL.fires,
                [
                    .int8(task.rawValue), .instant(range.lowerBound), .instant(range.upperBound), .int8(Int64(limit)),
                ]
            ).map { row in
                BackfilledFire(
                    scheduledAt: try row.instant(), backfill: RunID(bits: try row.uuid()),
                    run: RunID(bits: try row.uuid()))
            }
        }
    }
}

/// The statements of `PostgreSQLBackfillRepository`, named after its methods.
private enum BackfillSQL {
    private static let columns = """
        id, tenant_id, task_id, from_at, to_at, max_runs, created_by, created_at, worked_at, left_out,
        remaining_from, finished_at, cancelled_at
        """

    static let begin = PostgresStatement.write(
        "backfills.begin",
        """
        INSERT INTO backfills (id, tenant_id, task_id, from_at, to_at, max_runs, created_by, created_at,
                               worked_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8, now()), coalesce($8, now()))
        RETURNING \(columns)
        """)

    static let lock = PostgresStatement.write(
        "backfills.lock", "SELECT \(columns) FROM backfills WHERE id = $1 FOR UPDATE")

    static let find = PostgresStatement.read(
        "backfills.find",
        "SELECT \(columns), coalesce($4, now()) FROM backfills WHERE id = $1 AND task_id = $2 AND tenant_id = $3")

    static let owner = PostgresStatement.read("backfills.owner", "SELECT task_id FROM backfills WHERE id = $1")

    /// The fire times among the given ones that have a run.
    static let taken = PostgresStatement.read(
        "backfills.taken",
        """
        SELECT scheduled_at FROM task_fires
        WHERE task_id = $1 AND scheduled_at = ANY($2) AND run_id IS NOT NULL
        UNION
        SELECT scheduled_at FROM backfill_fires WHERE task_id = $1 AND scheduled_at = ANY($2)
        """)

    static let addFires = PostgresStatement.write(
        "backfills.addFires",
        """
        INSERT INTO backfill_fires (task_id, scheduled_at, backfill_id, run_id)
        SELECT $1, scheduled_at, $2, run_id FROM unnest($3, $4) AS fire (scheduled_at, run_id)
        """)

    static let comeOn = PostgresStatement.write(
        "backfills.comeOn",
        "UPDATE backfills SET left_out = left_out + $2, worked_at = $3 WHERE id = $1")

    static let finish = PostgresStatement.write(
        "backfills.finish",
        "UPDATE backfills SET finished_at = coalesce($3, now()), remaining_from = $2 WHERE id = $1")

    static let cancel = PostgresStatement.write(
        "backfills.cancel", "UPDATE backfills SET cancelled_at = coalesce($2, now()) WHERE id = $1")

    static let runs = PostgresStatement.read(
        "backfills.runs", "SELECT run_id FROM backfill_fires WHERE backfill_id = $1")

    static let count = PostgresStatement.read(
        "backfills.count",
        """
        SELECT status, count(*) FROM (
            SELECT status FROM run_live WHERE id = ANY($1)
            UNION ALL
            SELECT status FROM run_history WHERE id = ANY($1) AND id >= $2 AND id <= $3
        ) AS run
        GROUP BY status
        """)

    static let fires = PostgresStatement.read(
        "backfills.fires",
        """
        SELECT scheduled_at, backfill_id, run_id FROM backfill_fires
        WHERE task_id = $1 AND scheduled_at >= $2 AND scheduled_at < $3
        ORDER BY scheduled_at LIMIT $4
        """)
}

/// Backfilling inside a transaction.
extension PostgresSession {
    /// Everybody who gives a fire time of the task a run holds the task's row, so what is read here stays true.
    fileprivate func add(
        _ runs: [NewRun], to backfill: RunID, atMost limit: Int, now: PostgresParameter
    ) throws -> BackfillStep {
        let id = PostgresParameter.uuid(backfill.bits)
        guard let owner = try execute(BackfillSQL.owner, [id]).first({ TaskID(try $0.int64()) }),
            let task = try lockTasks([owner], now: now)[owner], !task.isDeleted
        else { throw SchedulerError(.notFound, "backfill \(backfill) or its task does not exist") }
        guard let present = try execute(BackfillSQL.lock, [id]).first({ try $0.backfill() }),
            present.cancelledAt == nil
        else { return BackfillStep(stoppedAt: runs.first?.scheduledAt) }
        if let refusal = task.statusRefusal { throw refusal }
        let taken = Set(
            try execute(
                BackfillSQL.taken, [.int8(owner.rawValue), .instants(runs.map(\.scheduledAt))]
            ).map { try $0.instant() })
        let slice = BackfillSlice(
            runs, atMost: limit, taken: taken, undecided: task.status == .active ? task.nextRunAt : nil,
            room: task.maxExecutions.map { $0 - task.executionCount }, now: task.now)
        let made = slice.made.map { task.run($0) }
        try insert(made)
        try count(made)
        try execute(
            BackfillSQL.addFires,
            [
                .int8(owner.rawValue), id, .instants(made.map(\.scheduledAt)), .uuids(made.map(\.id.bits)),
            ])
        try execute(BackfillSQL.comeOn, [id, .int4(slice.step.leftOut), .instant(task.now)])
        return slice.step
    }

    fileprivate func backfillProgress(
        _ id: RunID, task: TaskID, tenant: TenantID, now: PostgresParameter
    ) throws -> BackfillProgress? {
        let key = [PostgresParameter.uuid(id.bits), .int8(task.rawValue), .text(tenant.rawValue), now]
        let found = try execute(BackfillSQL.find, key).first { row in
            BackfillProgress(backfill: try row.backfill(), asOf: try row.instant())
        }
        guard var progress = found else { return nil }
        let runs = try execute(BackfillSQL.runs, [.uuid(id.bits)]).map { RunID(bits: try $0.uuid()) }
        guard let lowest = runs.min(), let highest = runs.max() else { return progress }
        let counts = try execute(
            BackfillSQL.count, [.uuids(runs.map(\.bits)), .uuid(lowest.bits), .uuid(highest.bits)]
        ).map { row -> (TaskRunStatus, Int) in (try row.value(), try row.int()) }
        progress.runs = Dictionary(counts, uniquingKeysWith: +)
        return progress
    }
}

extension PostgresRowReader {
    /// Reads the columns of a backfill.
    fileprivate mutating func backfill() throws -> Backfill {
        Backfill(
            id: RunID(bits: try uuid()), tenant: TenantID(try text()), task: TaskID(try int64()), from: try instant(),
            to: try instant(), limit: try int(), createdBy: optionalText(), createdAt: try instant(),
            workedAt: try instant(), leftOut: try int(), remainingFrom: try optionalInstant(),
            finishedAt: try optionalInstant(),
            cancelledAt: try optionalInstant())
    }
}
