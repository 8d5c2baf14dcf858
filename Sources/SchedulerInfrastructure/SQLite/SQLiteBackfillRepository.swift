public import SchedulerDomain
import SchedulerErrors

/// Backfills in SQLite.
public final class SQLiteBackfillRepository: BackfillRepository {
    private let database: SQLiteDatabase

    init(_ database: SQLiteDatabase) { self.database = database }

    public func begin(_ backfill: Backfill) async throws -> Backfill {
        try await database.write("begin") { transaction in
            var backfill = backfill
            backfill.createdAt = transaction.now
            backfill.workedAt = transaction.now
            try transaction.execute(
                SQLiteBackfillSQL.begin, backfill.id.blob, backfill.tenant.rawValue, backfill.task.rawValue,
                backfill.from.column, backfill.to.column, backfill.limit, backfill.createdBy, backfill.createdAt.column,
                backfill.workedAt.column)
            return backfill
        }
    }

    public func add(_ runs: [NewRun], to backfill: RunID, atMost limit: Int) async throws -> BackfillStep {
        try await database.write("add") { try $0.add(runs, to: backfill, atMost: limit) }
    }

    public func finish(_ backfill: RunID, remainingFrom: UTCInstant?) async throws {
        try await database.write("finish") { transaction in
            try transaction.execute(
                SQLiteBackfillSQL.finish, transaction.now.column, remainingFrom?.column, backfill.blob)
        }
    }

    public func find(_ id: RunID, task: TaskID, tenant: TenantID) async throws -> BackfillProgress? {
        try await database.read("find") { try $0.progress(of: id, task: task, tenant: tenant) }
    }

    public func cancel(_ id: RunID, task: TaskID, tenant: TenantID) async throws -> BackfillProgress? {
        try await database.write("cancel") { transaction in
            guard let progress = try transaction.progress(of: id, task: task, tenant: tenant) else { return nil }
            guard progress.state != .completed, progress.state != .cancelled else { return progress }
            try transaction.execute(SQLiteBackfillSQL.cancel, transaction.now.column, id.blob)
            return try transaction.progress(of: id, task: task, tenant: tenant)
        }
    }

    public func cancelRuns(of backfill: RunID, limit: Int, reason: String) async throws -> Int {
        try await database.write("cancelRuns") { transaction in
            let runs = try transaction.rows(
                SQLiteBackfillSQL.cancelRuns, backfill.blob, backfill.blob, backfill.blob, limit
            ) { try $0.runID() }
            _ = try transaction.cancel(runs, reason: reason)
            return runs.count
        }
    }

    public func fires(of task: TaskID, in range: Range<UTCInstant>, limit: Int) async throws -> [BackfilledFire] {
        try await database.read("fires") { transaction in
            try transaction.rows(
                SQLiteBackfillSQL.fires, task.rawValue, range.lowerBound.column, range.upperBound.column, limit
            ) { reader in
                BackfilledFire(
                    scheduledAt: try reader.instant(), backfill: try reader.runID(), run: try reader.runID())
            }
        }
    }
}

/// The statements of `SQLiteBackfillRepository`, named after its methods.
private enum SQLiteBackfillSQL {
    private static let columns = """
        id, tenant_id, task_id, from_at, to_at, max_runs, created_by, created_at, worked_at, left_out,
        remaining_from, finished_at, cancelled_at
        """

    static let begin = """
        INSERT INTO backfills (id, tenant_id, task_id, from_at, to_at, max_runs, created_by, created_at, worked_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    static let find = "SELECT \(columns) FROM backfills WHERE id = ?"

    /// Whether the fire time has a run.
    static let isTaken = """
        SELECT 1 FROM task_fires WHERE task_id = ? AND scheduled_at = ? AND run_id IS NOT NULL
        UNION ALL
        SELECT 1 FROM backfill_fires WHERE task_id = ? AND scheduled_at = ?
        """

    static let addFire = """
        INSERT INTO backfill_fires (task_id, scheduled_at, backfill_id, run_id) VALUES (?, ?, ?, ?)
        """

    static let comeOn = "UPDATE backfills SET left_out = left_out + ?, worked_at = ? WHERE id = ?"

    static let finish = "UPDATE backfills SET finished_at = ?, remaining_from = ? WHERE id = ?"

    static let cancel = "UPDATE backfills SET cancelled_at = ? WHERE id = ?"

    /// Live runs of a cancelled backfill, and of the waves that they are the roots of, that nobody asked to end.
    static let cancelRuns = """
        SELECT id FROM run_live
        WHERE workflow_id IN (
                SELECT id FROM backfills WHERE id = ? UNION ALL
                SELECT run_id FROM backfill_fires WHERE backfill_id = ?)
            AND (status <> 'running' OR cancel_requested_at IS NULL)
            AND EXISTS (SELECT 1 FROM backfills WHERE id = ? AND cancelled_at IS NOT NULL)
        ORDER BY id LIMIT ?
        """

    static let count = """
        SELECT status, count(*) FROM (
            SELECT run.status FROM backfill_fires AS fire JOIN run_live AS run ON run.id = fire.run_id
            WHERE fire.backfill_id = ?
            UNION ALL
            SELECT run.status FROM backfill_fires AS fire JOIN run_history AS run ON run.id = fire.run_id
            WHERE fire.backfill_id = ?)
        GROUP BY status
        """

    static let fires = """
        SELECT scheduled_at, backfill_id, run_id FROM backfill_fires
        WHERE task_id = ? AND scheduled_at >= ? AND scheduled_at < ? ORDER BY scheduled_at LIMIT ?
        """
}

extension SQLiteTransaction {
    fileprivate func add(_ runs: [NewRun], to backfill: RunID, atMost limit: Int) throws -> BackfillStep {
        guard let owner = try row(SQLiteBackfillSQL.find, backfill.blob, read: { try $0.backfill() }),
            var task = try undeletedTask(owner.task, tenant: owner.tenant)
        else { throw SchedulerError(.notFound, "backfill \(backfill) or its task does not exist") }
        guard owner.cancelledAt == nil else { return BackfillStep(stoppedAt: runs.first?.scheduledAt) }
        if let refusal = task.statusRefusal { throw refusal }
        let taken = try Set(runs.compactMap(\.scheduledAt).filter { try isTaken($0, of: task.id) })
        let slice = BackfillSlice(
            runs, atMost: limit, taken: taken, undecided: task.status == .active ? task.nextRunAt : nil,
            room: task.spec.maxExecutions.map { $0 - task.executionCount }, now: now)
        for new in slice.made {
            let run = try insert(new, of: &task)
            try execute(
                SQLiteBackfillSQL.addFire, task.id.rawValue, run.scheduledAt.column, backfill.blob, run.id.blob)
        }
        try execute(SQLiteTaskSQL.count, task.executionCount, task.lastRunAt?.column, task.id.rawValue)
        try execute(SQLiteBackfillSQL.comeOn, slice.step.leftOut, now.column, backfill.blob)
        return slice.step
    }

    private func isTaken(_ fire: UTCInstant, of task: TaskID) throws -> Bool {
        try row(SQLiteBackfillSQL.isTaken, task.rawValue, fire.column, task.rawValue, fire.column) { try $0.int() }
            != nil
    }

    fileprivate func progress(of id: RunID, task: TaskID, tenant: TenantID) throws -> BackfillProgress? {
        guard let backfill = try row(SQLiteBackfillSQL.find, id.blob, read: { try $0.backfill() }),
            backfill.task == task, backfill.tenant == tenant
        else { return nil }
        let counts: [(TaskRunStatus, Int)] = try rows(SQLiteBackfillSQL.count, id.blob, id.blob) {
            (try $0.word(), try $0.int())
        }
        return BackfillProgress(
            backfill: backfill, runs: Dictionary(counts, uniquingKeysWith: +), asOf: now)
    }
}

extension SQLiteRowReader {
    /// Reads the columns of a backfill.
    fileprivate mutating func backfill() throws -> Backfill {
        Backfill(
            id: try runID(), tenant: TenantID(try text()), task: TaskID(try integer()), from: try instant(),
            to: try instant(), limit: try int(), createdBy: optionalText(), createdAt: try instant(),
            workedAt: try instant(), leftOut: try int(), remainingFrom: optionalInstant(),
            finishedAt: optionalInstant(),
            cancelledAt: optionalInstant())
    }
}
