public import SchedulerDomain
public import SchedulerErrors
import SchedulerFoundation

/// Live and finished runs in PostgreSQL.
public struct PostgreSQLTaskRunRepository: TaskRunRepository {
    let context: PostgresContext

    public func enqueue(_ groups: [[NewRun]]) async throws -> [SchedulerResult<[TaskRun]>] {
        guard !groups.isEmpty else { return [] }
        let now = context.now
        return try await context.pool.transaction("enqueue runs") { session in
            let results = try session.enqueue(groups, now: now)
            try FailPoint.hit(.enqueueBeforeCommit)
            return results
        }
    }

    public func pick(limit: Int) async throws -> Pick {
        let now = context.now
        return try await context.pool.transaction("pick runs") { session in
            let state = try session.execute(RunPicking.tryLock, [now]).first { (try $0.bool(), try $0.bool()) }
            guard let (isAlone, isBurst) = state, isAlone else { return Pick(runs: [], isContended: true) }
            // To start runs while others are still to be fired would make those late.
            guard !isBurst else { return Pick(runs: [], nextDueIn: RunPicking.afterBurst) }
            let plan = try session.plan(slots: nil, limit: limit, now: now, context.executors)
            var pick = Pick(runs: [], isPartial: plan.isPartial)
            if plan.changes {
                let taken = Set(try session.execute(RunPicking.pick, plan.parameters()).map { try $0.uuid() })
                pick.runs = plan.runs.filter { taken.contains($0.id.bits) }.map {
                    PickedRun($0, for: plan.destinations[$0.id])
                }
            }
            if !pick.isPartial { pick.nextDueIn = try session.nextDueIn(after: plan.now) }
            if !pick.runs.isEmpty { try FailPoint.hit(.pickBeforeCommit) }
            return pick
        }
    }

    public func returnUndelivered(_ attempts: [RunAttempt]) async throws {
        guard !attempts.isEmpty else { return }
        let now = context.now
        try await context.pool.withSession("return undelivered runs") { session in
            _ = try session.execute(
                TaskRunSQL.returnUndelivered,
                [
                    .uuids(attempts.map(\.run.bits)), .int4s(attempts.map(\.attempt)), now,
                ])
        }
    }

    public func claim(_ claim: RunClaim) async throws -> [ClaimedRun] {
        let now = context.now
        // A transaction, so that a row which cannot be read is not claimed.
        return try await context.pool.transaction("claim runs") { session in
            let rows = try session.execute(
                TaskRunSQL.claim,
                [
                    .uuid(claim.worker.bits), .uuids(claim.take.map(\.run.bits)), .int4s(claim.take.map(\.attempt)),
                    .uuids(claim.giveBack.map(\.run.bits)), .int4s(claim.giveBack.map(\.attempt)), now,
                ])
            guard try rows.first({ try $0.bool() }) == true else { throw SchedulerError.workerLost(claim.worker) }
            let claimed = try rows.map { row -> ClaimedRun? in
                _ = try row.bool()
                return try row.optionalClaimedRun()
            }.compactMap { $0 }
            try FailPoint.hit(.claimBeforeCommit)
            return claimed
        }
    }

    public func pickAndClaim(for worker: WorkerID, taskTypes: [String], limit: Int) async throws -> [ClaimedRun] {
        let now = context.now
        return try await context.pool.transaction("pick and claim runs") { session in
            guard try !session.execute(TaskRunSQL.mayClaim, [.uuid(worker.bits)]).isEmpty else {
                throw SchedulerError.workerLost(worker)
            }
            try session.execute(RunPicking.lock)
            let plan = try session.plan(
                slots: FreeSlots(limit, of: taskTypes), for: worker, limit: limit, now: now, context.executors)
            guard plan.changes else { return [] }
            let rows = try session.execute(RunPicking.pickAndClaim, plan.parameters() + [.uuid(worker.bits)])
            let claimed = try rows.map { try $0.optionalClaimedRun() }.compactMap { $0 }
            let byRun = Dictionary(uniqueKeysWithValues: claimed.map { ($0.attempt.run, $0) })
            try FailPoint.hit(.directPickBeforeCommit)
            return plan.runs.compactMap { byRun[$0.id] }
        }
    }

    public func settle(_ outcomes: [RunOutcome]) async throws -> [Settlement] {
        guard !outcomes.isEmpty else { return [] }
        let now = context.now
        return try await context.pool.transaction("settle runs") { session in
            let settlements = try session.settle(outcomes, now: now, context.specs)
            try FailPoint.hit(.settleBeforeCommit)
            return settlements
        }
    }

    public func cancel(
        _ selection: RunSelection, tenant: TenantID, reason: String
    ) async throws -> [RunID: CancelResult] {
        let now = context.now
        return try await context.pool.transaction("cancel runs") { session in
            let results = try session.cancel(selection, tenant: tenant, reason: reason, now: now)
            try FailPoint.hit(.cancelBeforeCommit)
            return results
        }
    }

    public func unsettled(among attempts: [RunAttempt]) async throws -> Set<RunAttempt> {
        guard !attempts.isEmpty else { return [] }
        return try await context.pool.withSession("look for unsettled runs") { session in
            Set(
                try session.execute(
                    TaskRunSQL.unsettled, [.uuids(attempts.map(\.run.bits)), .int4s(attempts.map(\.attempt))]
                ).map { row in RunAttempt(run: RunID(bits: try row.uuid()), attempt: try row.int()) })
        }
    }

    public func find(_ ids: [RunID], tenant: TenantID) async throws -> [TaskRun] {
        try await context.pool.withSession("find runs") { session in
            try session.findRuns(ids).filter { $0.tenant == tenant }
        }
    }

    public func list(_ query: TaskRunQuery) async throws -> Page<TaskRun> {
        var builder = TaskQueryBuilder()
        builder.filter("tenant_id", .equal, .text(query.tenant.rawValue))
        builder.filter("task_id", .equal, query.task.map { .integer($0.rawValue) })
        builder.filter("status", .equal, query.status.map { .text($0.rawValue) })
        builder.filter("id", .less, query.before.map { .run($0) })
        // The status tells the table, and of a live run the index.
        switch query.status {
        case .pending: builder.filter("dispatched_at IS NULL")
        case .dispatched, .running: builder.filter("dispatched_at IS NOT NULL")
        case .completed, .failed, .timeout, .cancelled, .skipped, nil: break
        }
        builder.page(descendingBy: "id", limit: query.limit)
        let parameters = builder.parameters.map(\.postgres)
        let statement =
            switch query.status?.isTerminal {
            case true: TaskRunSQL.listEnded(conditions: builder.text)
            case false: TaskRunSQL.listLive(conditions: builder.text)
            case nil: TaskRunSQL.list(conditions: builder.text, limit: parameters.count)
            }
        return try await context.pool.withSession("list runs") { session in
            Page(rows: try session.execute(statement, parameters).map { try $0.taskRun() }, limit: query.limit)
        }
    }

    public func attempts(of run: RunID) async throws -> [AttemptRecord] {
        try await context.pool.withSession("list attempts") { session in
            try session.execute(TaskRunSQL.attempts, [.uuid(run.bits)]).map { row in
                let attempt = RunAttempt(run: run, attempt: try row.int())
                return AttemptRecord(
                    attempt: attempt, ending: try row.value(), worker: try row.optionalUUID().map(WorkerID.init),
                    startedAt: try row.optionalInstant(), endedAt: try row.instant(), exitCode: try row.optionalInt(),
                    errorType: try row.optionalValue(), errorMessage: row.optionalText())
            }
        }
    }

    public func upstreams(of run: RunID) async throws -> [UpstreamResult] {
        try await context.pool.withSession("find upstream results") { try $0.upstreams(of: run) }
    }

    public func wave(_ id: RunID, tenant: TenantID, limit: Int) async throws -> WaveRecord {
        // A transaction, so that the parts are read close together; a run that ends meanwhile stands in one of them.
        try await context.pool.transaction("find a workflow") { try $0.wave(id, tenant: tenant, limit: limit) }
    }
}

extension PostgreSQLTaskRunRepository {
    public func outlook(of run: RunID, tenant: TenantID) async throws -> RunOutlook? {
        let now = context.now
        return try await context.pool.transaction("explain a run") { session in
            guard let run = try session.findRuns([run]).first(where: { $0.tenant == tenant }) else { return nil }
            return try session.outlook(of: run, now: now, context.executors)
        }
    }
}

extension PostgresRowReader {
    /// Reads `ClaimColumns`; nil where the row stands for "nothing".
    fileprivate mutating func optionalClaimedRun() throws -> ClaimedRun? {
        guard let id = try optionalUUID() else { return nil }
        let attempt = RunAttempt(run: RunID(bits: id), attempt: try int())
        let tenant = TenantID(try text())
        let version = TaskVersionID(task: TaskID(try int64()), version: try int())
        return ClaimedRun(
            attempt: attempt, tenant: tenant, version: version, overrides: try overrides(),
            scheduledAt: try instant(), trigger: try value(), traceContext: optionalText())
    }
}

extension SchedulerError {
    /// The worker is offline or unknown.
    static func workerLost(_ worker: WorkerID) -> SchedulerError {
        SchedulerError(
            .lockLost, "worker \(worker) is offline or unknown; it must register anew with a new id",
            context: ["worker.id": "\(worker)"])
    }
}
