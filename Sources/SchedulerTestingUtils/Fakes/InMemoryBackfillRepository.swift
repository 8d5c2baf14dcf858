public import SchedulerDomain
import SchedulerErrors

/// Backfills in memory.
public final class InMemoryBackfillRepository: BackfillRepository {
    private let shared: InMemoryShared

    init(_ shared: InMemoryShared) { self.shared = shared }

    public func begin(_ backfill: Backfill) async throws -> Backfill {
        shared.transaction { state, now in
            var backfill = backfill
            backfill.createdAt = now
            backfill.workedAt = now
            state.backfills[backfill.id] = backfill
            return backfill
        }
    }

    public func add(_ runs: [NewRun], to backfill: RunID, atMost limit: Int) async throws -> BackfillStep {
        try shared.transaction { state, now in try state.add(runs, to: backfill, atMost: limit, now: now) }
    }

    public func finish(_ backfill: RunID, remainingFrom: UTCInstant?) async throws {
        shared.transaction { state, now in
            state.backfills[backfill]?.finishedAt = now
            state.backfills[backfill]?.remainingFrom = remainingFrom
        }
    }

    public func find(_ id: RunID, task: TaskID, tenant: TenantID) async throws -> BackfillProgress? {
        shared.transaction { state, now in state.progress(of: id, task: task, tenant: tenant, now: now) }
    }

    public func cancel(_ id: RunID, task: TaskID, tenant: TenantID) async throws -> BackfillProgress? {
        shared.transaction { state, now in
            guard let progress = state.progress(of: id, task: task, tenant: tenant, now: now) else { return nil }
            guard progress.state != .completed, progress.state != .cancelled else { return progress }
            state.backfills[id]?.cancelledAt = now
            return state.progress(of: id, task: task, tenant: tenant, now: now)
        }
    }

    public func cancelRuns(of backfill: RunID, limit: Int, reason: String) async throws -> Int {
        shared.transaction { state, now in
            guard state.backfills[backfill]?.cancelledAt != nil else { return 0 }
            let own = state.backfilled.values.joined().filter { $0.backfill == backfill }.map(\.run)
            let waves = Set(own + [backfill])
            let runs = state.live.values
                .filter { run in
                    run.workflow.map(waves.contains) == true
                        && (run.status != .running || run.cancelRequestedAt == nil)
                }
                .sorted { $0.id < $1.id }
                .prefix(limit)
            for run in runs { _ = state.cancel(run, reason: reason, now: now) }
            return runs.count
        }
    }

    public func fires(of task: TaskID, in range: Range<UTCInstant>, limit: Int) async throws -> [BackfilledFire] {
        shared.transaction { state, _ in
            let rows = (state.backfilled[task] ?? [])
                .filter { range.contains($0.scheduledAt) }
                .sorted { $0.scheduledAt < $1.scheduledAt }
            return Array(rows.prefix(limit))
        }
    }
}

extension InMemoryState {
    fileprivate mutating func add(
        _ runs: [NewRun], to backfill: RunID, atMost limit: Int, now: UTCInstant
    ) throws -> BackfillStep {
        guard let owner = backfills[backfill], var task = undeleted(owner.task, tenant: owner.tenant) else {
            throw SchedulerError(.notFound, "backfill \(backfill) or its task does not exist")
        }
        guard owner.cancelledAt == nil else { return BackfillStep(stoppedAt: runs.first?.scheduledAt) }
        if let refusal = task.statusRefusal { throw refusal }
        var taken = Set(fires[task.id, default: []].filter { $0.run != nil }.map(\.scheduledAt))
        taken.formUnion(backfilled[task.id, default: []].map(\.scheduledAt))
        let slice = BackfillSlice(
            runs, atMost: limit, taken: taken, undecided: task.status == .active ? task.nextRunAt : nil,
            room: task.spec.maxExecutions.map { $0 - task.executionCount }, now: now)
        for new in slice.made {
            let run = insert(new, of: &task, now: now)
            backfilled[task.id, default: []].append(
                BackfilledFire(scheduledAt: run.scheduledAt, backfill: backfill, run: run.id))
        }
        tasks[task.id] = task
        backfills[backfill]?.leftOut += slice.step.leftOut
        backfills[backfill]?.workedAt = now
        return slice.step
    }

    fileprivate func progress(
        of id: RunID, task: TaskID, tenant: TenantID, now: UTCInstant
    ) -> BackfillProgress? {
        guard let backfill = backfills[id], backfill.task == task, backfill.tenant == tenant else { return nil }
        let own = backfilled[task, default: []].filter { $0.backfill == id }
        let states = own.compactMap { (live[$0.run] ?? history[$0.run])?.status }
        return BackfillProgress(
            backfill: backfill, runs: Dictionary(states.map { ($0, 1) }, uniquingKeysWith: +), asOf: now)
    }
}
