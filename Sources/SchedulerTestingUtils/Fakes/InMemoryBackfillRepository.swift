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
            state.backfills[backfill.id] = backfill
            return backfill
        }
    }

    public func add(_ runs: [NewRun], to backfill: RunID) async throws -> BackfillStep {
        try shared.transaction { state, now in try state.add(runs, to: backfill, now: now) }
    }

    public func finish(_ backfill: RunID, remainingFrom: UTCInstant?) async throws {
        shared.transaction { state, now in
            state.backfills[backfill]?.finishedAt = now
            state.backfills[backfill]?.remainingFrom = remainingFrom
        }
    }

    public func find(_ id: RunID, task: TaskID, tenant: TenantID) async throws -> BackfillProgress? {
        shared.transaction { state, _ in state.progress(of: id, task: task, tenant: tenant) }
    }

    public func cancel(
        _ id: RunID, task: TaskID, tenant: TenantID, reason: String
    ) async throws -> BackfillProgress? {
        shared.transaction { state, now in
            guard let progress = state.progress(of: id, task: task, tenant: tenant) else { return nil }
            guard progress.state != .completed, progress.state != .cancelled else { return progress }
            state.backfills[id]?.cancelledAt = now
            for run in state.live.values.filter({ $0.workflow == id }) {
                _ = state.cancel(run, reason: reason, now: now)
            }
            return state.progress(of: id, task: task, tenant: tenant)
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
    fileprivate mutating func add(_ runs: [NewRun], to backfill: RunID, now: UTCInstant) throws -> BackfillStep {
        guard let owner = backfills[backfill], var task = undeleted(owner.task, tenant: owner.tenant) else {
            throw SchedulerError(.notFound, "backfill \(backfill) or its task does not exist")
        }
        guard owner.cancelledAt == nil else { return BackfillStep(stoppedAt: runs.first?.scheduledAt) }
        if let refusal = task.statusRefusal { throw refusal }
        var taken = Set(fires[task.id, default: []].filter { $0.run != nil }.map(\.scheduledAt))
        taken.formUnion(backfilled[task.id, default: []].map(\.scheduledAt))
        var step = BackfillStep()
        for run in runs {
            let fire = run.scheduledAt ?? now
            if taken.contains(fire) || task.hasYetToDecide(fire) {
                step.leftOut += 1
            } else if task.hasRoom(for: 1) {
                step.created.append(insert(run, of: &task, now: now).id)
                backfilled[task.id, default: []].append(
                    BackfilledFire(scheduledAt: fire, backfill: backfill, run: run.id))
            } else {
                step.stoppedAt = fire
                break
            }
        }
        tasks[task.id] = task
        backfills[backfill]?.leftOut += step.leftOut
        return step
    }

    fileprivate func progress(of id: RunID, task: TaskID, tenant: TenantID) -> BackfillProgress? {
        guard let backfill = backfills[id], backfill.task == task, backfill.tenant == tenant else { return nil }
        let own = backfilled[task, default: []].filter { $0.backfill == id }
        let states = own.compactMap { (live[$0.run] ?? history[$0.run])?.status }
        return BackfillProgress(backfill: backfill, runs: Dictionary(states.map { ($0, 1) }, uniquingKeysWith: +))
    }
}

extension TaskDefinition {
    /// Whether the schedule itself decides the fire time: it is due, but no dispatcher has come to it.
    fileprivate func hasYetToDecide(_ fire: UTCInstant) -> Bool {
        status == .active && nextRunAt.map { fire >= $0 } ?? false
    }
}
