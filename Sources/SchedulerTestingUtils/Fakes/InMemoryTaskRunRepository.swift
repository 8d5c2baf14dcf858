public import SchedulerDomain
public import SchedulerErrors

/// Runs in memory.
public final class InMemoryTaskRunRepository: TaskRunRepository {
    private let shared: InMemoryShared

    init(_ shared: InMemoryShared) { self.shared = shared }

    /// A repository of its own, that shares its state with no other.
    public convenience init(now: @escaping @Sendable () -> UTCInstant) { self.init(InMemoryShared(now: now)) }

    public func enqueue(_ groups: [[NewRun]]) async throws -> [SchedulerResult<[TaskRun]>] {
        shared.transaction { state, now in groups.map { state.enqueue($0, now: now) } }
    }

    public func pick(limit: Int) async throws -> Pick {
        shared.transaction { state, now in
            let plan = state.plan(slots: nil, limit: limit, now: now)
            for run in plan.runs {
                state.live[run.id]?.status = .dispatched
                state.live[run.id]?.dispatchedAt = now
                state.live[run.id]?.updatedAt = now
            }
            let next = state.live.values.filter { $0.status == .pending && $0.dueAt > now }.map(\.dueAt).min()
            return Pick(
                runs: plan.runs.map { PickedRun($0, for: plan.destinations[$0.id]) },
                isPartial: plan.runs.count >= limit,
                nextDueIn: next.map { now.duration(to: $0) })
        }
    }

    public func returnUndelivered(_ attempts: [RunAttempt]) async throws {
        shared.transaction { state, now in state.giveBack(attempts, now: now) }
    }

    public func claim(_ claim: RunClaim) async throws -> [ClaimedRun] {
        try shared.transaction { state, now in
            try state.checkAlive(claim.worker)
            let claimed = claim.take.compactMap { state.claim($0, for: claim.worker, now: now) }
            state.giveBack(claim.giveBack, now: now)
            return claimed
        }
    }

    public func pickAndClaim(for worker: WorkerID, taskTypes: [String], limit: Int) async throws -> [ClaimedRun] {
        try shared.transaction { state, now in
            try state.checkAlive(worker)
            let plan = state.plan(slots: FreeSlots(limit, of: taskTypes), for: worker, limit: limit, now: now)
            return plan.runs.compactMap { state.live[$0.id] }.map { run in
                var run = run
                run.dispatchedAt = now
                return state.start(run, on: worker, now: now)
            }
        }
    }

    public func settle(_ outcomes: [RunOutcome]) async throws -> [Settlement] {
        shared.transaction { state, now in outcomes.map { state.settle($0, now: now) } }
    }

    public func cancel(
        _ selection: RunSelection, tenant: TenantID, reason: String
    ) async throws -> [RunID: CancelResult] {
        shared.transaction { state, now in
            let ids: Set<RunID> =
                switch selection {
                case .runs(let ids): Set(ids)
                case .workflow(let workflow):
                    Set(state.live.values.filter { $0.workflow == workflow || $0.id == workflow }.map(\.id))
                }
            var results: [RunID: CancelResult] = [:]
            for id in ids {
                if let run = state.live[id], run.tenant == tenant {
                    results[id] = state.cancel(run, reason: reason, now: now)
                } else if state.history[id]?.tenant == tenant {
                    results[id] = .alreadyEnded
                }
            }
            return results
        }
    }

    public func unsettled(among attempts: [RunAttempt]) async throws -> Set<RunAttempt> {
        shared.transaction { state, _ in
            Set(
                attempts.filter { attempt in
                    guard let run = state.live[attempt.run] else { return false }
                    return run.attempt == attempt.attempt && run.settledAttempt < attempt.attempt
                })
        }
    }

    public func find(_ ids: [RunID], tenant: TenantID) async throws -> [TaskRun] {
        shared.transaction { state, _ in
            Set(ids).compactMap { state.live[$0] ?? state.history[$0] }.filter { $0.tenant == tenant }
        }
    }

    public func list(_ query: TaskRunQuery) async throws -> Page<TaskRun> {
        shared.transaction { state, _ in
            let rows = [state.live, state.history].joined().map(\.value)
                .filter { run in
                    run.tenant == query.tenant && (query.task == nil || run.task == query.task)
                        && (query.status == nil || run.status == query.status)
                        && query.before.map { run.id < $0 } ?? true
                }
                .sorted { $0.id > $1.id }
            return Page(rows: rows, limit: query.limit)
        }
    }

    public func attempts(of run: RunID) async throws -> [AttemptRecord] {
        shared.transaction { state, _ in
            (state.attempts[run] ?? [:]).values.sorted { $0.attempt < $1.attempt }
        }
    }

    public func upstreams(of run: RunID) async throws -> [UpstreamResult] {
        shared.transaction { state, _ in state.upstreams(of: run) }
    }

    public func wave(_ id: RunID, tenant: TenantID, limit: Int) async throws -> WaveRecord {
        shared.transaction { state, _ in state.wave(id, tenant: tenant, limit: limit) }
    }

    public func outlook(of run: RunID, tenant: TenantID) async throws -> RunOutlook? {
        shared.transaction { state, now in state.outlook(of: run, tenant: tenant, now: now) }
    }
}
