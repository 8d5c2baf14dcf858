public import SchedulerDomain
public import SchedulerErrors
import SchedulerFoundation

/// Runs in SQLite.
public final class SQLiteTaskRunRepository: TaskRunRepository {
    private let database: SQLiteDatabase

    init(_ database: SQLiteDatabase) { self.database = database }

    public func enqueue(_ groups: [[NewRun]]) async throws -> [SchedulerResult<[TaskRun]>] {
        try await database.write("enqueue") { transaction in
            let results = try transaction.enqueue(groups)
            try FailPoint.hit(.enqueueBeforeCommit)
            return results
        }
    }

    public func pick(limit: Int) async throws -> Pick {
        try await database.write("pick") { transaction in
            let (plan, isPartial) = try transaction.plan(slots: nil, limit: limit)
            for run in plan.runs {
                try transaction.execute(
                    SQLitePickSQL.pick, transaction.now.column, transaction.now.column, run.id.blob)
            }
            if !plan.runs.isEmpty { try FailPoint.hit(.pickBeforeCommit) }
            return Pick(
                runs: plan.runs.map { PickedRun($0, for: plan.destinations[$0.id]) }, isPartial: isPartial,
                nextDueIn: try transaction.nextDueIn())
        }
    }

    public func returnUndelivered(_ attempts: [RunAttempt]) async throws {
        try await database.write("returnUndelivered") { try $0.giveBack(attempts) }
    }

    public func claim(_ claim: RunClaim) async throws -> [ClaimedRun] {
        try await database.write("claim") { transaction in
            try transaction.checkAlive(claim.worker)
            let claimed = try claim.take.compactMap { try transaction.claim($0, for: claim.worker) }
            try transaction.giveBack(claim.giveBack)
            try FailPoint.hit(.claimBeforeCommit)
            return claimed
        }
    }

    public func pickAndClaim(for worker: WorkerID, taskTypes: [String], limit: Int) async throws -> [ClaimedRun] {
        try await database.write("pickAndClaim") { transaction in
            try transaction.checkAlive(worker)
            return try transaction.plan(slots: FreeSlots(limit, of: taskTypes), for: worker, limit: limit).plan.runs
                .compactMap { run in
                    try transaction.execute(
                        SQLitePickSQL.pick, transaction.now.column, transaction.now.column, run.id.blob)
                    return try transaction.claim(RunAttempt(run: run.id, attempt: run.attempt + 1), for: worker)
                }
        }
    }

    public func settle(_ outcomes: [RunOutcome]) async throws -> [Settlement] {
        try await database.write("settle") { transaction in
            let settlements = try transaction.settle(outcomes)
            try FailPoint.hit(.settleBeforeCommit)
            return settlements
        }
    }

    public func cancel(
        _ selection: RunSelection, tenant: TenantID, reason: String
    ) async throws -> [RunID: CancelResult] {
        try await database.write("cancel") { transaction in
            let results = try transaction.cancel(selection, tenant: tenant, reason: reason)
            try FailPoint.hit(.cancelBeforeCommit)
            return results
        }
    }

    public func unsettled(among attempts: [RunAttempt]) async throws -> Set<RunAttempt> {
        try await database.read("unsettled") { transaction in
            Set(
                try attempts.filter { attempt in
                    guard let run = try transaction.liveRun(attempt.run) else { return false }
                    return run.standing.attempt == attempt.attempt && run.standing.settledAttempt < attempt.attempt
                })
        }
    }

    public func find(_ ids: [RunID], tenant: TenantID) async throws -> [TaskRun] {
        try await database.read("find") { transaction in
            try Set(ids).compactMap { try transaction.run($0) }.filter { $0.tenant == tenant }
        }
    }

    public func list(_ query: TaskRunQuery) async throws -> Page<TaskRun> {
        try await database.read("list") { try $0.list(query) }
    }

    public func attempts(of run: RunID) async throws -> [AttemptRecord] {
        try await database.read("attempts") { try $0.attempts(of: run) }
    }

    public func upstreams(of run: RunID) async throws -> [UpstreamResult] {
        try await database.read("upstreams") { try $0.upstreams(of: run) }
    }

    public func wave(_ id: RunID, tenant: TenantID, limit: Int) async throws -> WaveRecord {
        try await database.read("wave") { try $0.wave(id, tenant: tenant, limit: limit) }
    }

    public func outlook(of run: RunID, tenant: TenantID) async throws -> RunOutlook? {
        try await database.read("outlook") { try $0.outlook(of: run, tenant: tenant) }
    }
}
