public import SchedulerDomain
import SchedulerErrors

/// The leader's duties in SQLite.
public final class SQLiteRecoveryRepository: RecoveryRepository {
    private let database: SQLiteDatabase

    init(_ database: SQLiteDatabase) { self.database = database }

    public func heartbeats() async throws -> [WorkerID: Int64] {
        try await database.read("heartbeats") { transaction in
            let rows = try transaction.rows(SQLiteRecoverySQL.heartbeats) { (try $0.workerID(), try $0.integer()) }
            return Dictionary(rows) { _, last in last }
        }
    }

    public func recover(silent: [WorkerID: Int64], term: LockLease) async throws -> Recovery {
        try await database.write("recover") { transaction in
            try transaction.check(term)
            var recovery = Recovery()
            for (worker, sequence) in silent.sorted(by: { $0.key < $1.key }) {
                try transaction.execute(SQLiteRecoverySQL.recover, worker.blob, sequence)
                if transaction.changes > 0 { recovery.workersLost.append(worker) }
            }
            try transaction.takeBack(limit: 500, into: &recovery)
            return recovery
        }
    }

    public func returnUnclaimed(olderThan age: Duration, term: LockLease) async throws -> Int {
        try await database.write("returnUnclaimed") { transaction in
            try transaction.check(term)
            let limit = transaction.now.advanced(by: .zero - age)
            try transaction.execute(SQLiteRecoverySQL.returnUnclaimed, transaction.now.column, limit.column)
            return transaction.changes
        }
    }

    public func endForgotten(
        after grace: Duration, leadingFor time: Duration, term: LockLease
    ) async throws -> Recovery {
        try await database.write("endForgotten") { transaction in
            try transaction.check(term)
            let outcomes = try transaction.forgotten(after: grace, leadingFor: time)
            let taken = Array(outcomes.prefix(500))
            return Recovery(taken, try transaction.settle(taken), isPartial: outcomes.count > taken.count)
        }
    }
}

/// The statements of `SQLiteRecoveryRepository`, named after its methods.
private enum SQLiteRecoverySQL {
    static let heartbeats = "SELECT id, heartbeat_seq FROM workers WHERE status <> 'offline'"

    static let recover = """
        UPDATE workers SET status = 'offline' WHERE id = ? AND status <> 'offline' AND heartbeat_seq = ?
        """

    static let lostRuns = """
        SELECT run.id FROM run_live AS run LEFT JOIN workers AS worker ON worker.id = run.worker_id
        WHERE run.dispatched_at IS NOT NULL AND run.status = 'running' AND coalesce(worker.status, 'offline') = 'offline'
        ORDER BY run.id LIMIT ?
        """

    /// ?1 is the time, ?2 the grace and ?3 how long the leader leads, in microseconds.
    static let overdue = """
        SELECT run.id, run.attempt, run.worker_id, run.started_at
        FROM run_live AS run JOIN workers AS worker ON worker.id = run.worker_id
            JOIN task_versions AS version ON version.task_id = run.task_id AND version.version = run.task_version
        WHERE run.dispatched_at IS NOT NULL AND run.status = 'running' AND run.started_at < ?1 - ?2
            AND run.started_at < ?1 - ?2 - (version.definition ->> 'timeout_seconds') * 1000000
            AND ?3 > ?2 + (version.definition ->> 'timeout_seconds') * 1000000
            AND worker.status <> 'offline' AND worker.held IS NOT NULL
        ORDER BY run.id
        """

    static let held = "SELECT held FROM workers WHERE id = ?"

    static let returnUnclaimed = """
        UPDATE run_live SET status = 'pending', dispatched_at = NULL, updated_at = ?
        WHERE id IN (
            SELECT id FROM run_live WHERE dispatched_at < ? AND status = 'dispatched' ORDER BY dispatched_at LIMIT 500)
        """

    static let liveWorkers = "SELECT id FROM workers WHERE status <> 'offline' ORDER BY id"
    static let allOffline = "UPDATE workers SET status = 'offline' WHERE status <> 'offline'"

    static let returnDispatched = """
        UPDATE run_live SET status = 'pending', dispatched_at = NULL, updated_at = ?
        WHERE dispatched_at IS NOT NULL AND status = 'dispatched'
        """

    static let quarantine = "INSERT INTO dead_letters (tenant_id, run_id, reason, created_at) VALUES (?, ?, ?, ?)"
}

extension SQLiteTransaction {
    /// Attempts that run for too long on a live worker whose last beat does not list them.
    fileprivate func forgotten(after grace: Duration, leadingFor time: Duration) throws -> [RunOutcome] {
        let overdue = try rows(
            SQLiteRecoverySQL.overdue, now.column, grace.microseconds, time.microseconds
        ) { reader -> RunOutcome in
            let attempt = RunAttempt(run: try reader.runID(), attempt: try reader.int())
            let (worker, startedAt) = (try reader.workerID(), try reader.instant())
            return .forgotten(attempt, worker: worker, startedAt: startedAt, now: now)
        }
        // A list is long, so it is read once, and only where a run asks for it.
        var lists: [WorkerID: Set<String>] = [:]
        return try overdue.filter { outcome in
            let list = try lists[outcome.worker] ?? held(by: outcome.worker)
            lists[outcome.worker] = list
            return !list.contains(outcome.attempt.description)
        }
    }

    private func held(by worker: WorkerID) throws -> Set<String> {
        Set(try row(SQLiteRecoverySQL.held, worker.blob) { try $0.value([String].self) } ?? [])
    }

    /// Brings back everything that was under way when the only process ended.
    func recoverAfterRestart() throws -> Recovery {
        var recovery = Recovery(workersLost: try rows(SQLiteRecoverySQL.liveWorkers) { try $0.workerID() })
        try execute(SQLiteRecoverySQL.allOffline)
        try execute(SQLiteRecoverySQL.returnDispatched, now.column)
        try takeBack(limit: .max - 1, into: &recovery)
        return recovery
    }

    /// Takes running runs back from workers that are offline.
    fileprivate func takeBack(limit: Int, into recovery: inout Recovery) throws {
        let lost = try rows(SQLiteRecoverySQL.lostRuns, limit + 1) { try $0.runID() }
        recovery.isPartial = lost.count > limit
        var stats = SQLiteRunStats()
        for id in lost.prefix(limit) {
            guard let run = try liveRun(id) else { continue }
            try takeBack(run, into: &recovery, stats: &stats)
        }
        try add(stats)
    }

    private func takeBack(_ run: SQLiteLiveRun, into recovery: inout Recovery, stats: inout SQLiteRunStats) throws {
        let verdict = RunJudge.judgeLostWorker(of: run.standing)
        if verdict != .ignore {
            try record(
                AttemptRecord(
                    attempt: run.attempt, ending: .crash, worker: run.worker, startedAt: run.startedAt, endedAt: now,
                    errorType: .system, errorMessage: "the worker was lost"))
        }
        switch verdict {
        case .ignore:
            break
        case .end(let status, let counters):
            var end = SQLiteRunEnd(status: status, at: now)
            end.counters = counters
            end.errorType = .system
            end.errorMessage = "the worker was lost"
            if status == .failed {
                let reason = Quarantine.message(crashes: counters.crashes, lastLines: try lastLines(of: run.id))
                end.errorMessage = reason
                try execute(SQLiteRecoverySQL.quarantine, run.tenant.rawValue, run.id.blob, reason, now.column)
            }
            try self.end(run, end, stats: &stats)
            recovery.ended.append(run.attempt)
        case .retry(let delay, let counters):
            try returnToPending(
                run, dueAt: now.advanced(by: delay), counters: counters, settledAttempt: run.standing.settledAttempt)
            recovery.returned.append(run.attempt)
        }
    }
}
