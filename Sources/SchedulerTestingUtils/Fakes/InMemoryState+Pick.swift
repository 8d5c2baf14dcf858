import SchedulerDomain

/// The slots that may be filled: in total, and by task type.
///
/// A worker that takes several types counts for each of them, and its slots once in the total.
struct FreeSlots {
    var total: Int
    var byType: [String: Int]

    mutating func take(_ type: String) -> Bool {
        guard total > 0, let free = byType[type], free > 0 else { return false }
        total -= 1
        byType[type] = free - 1
        return true
    }
}

extension InMemoryState {
    /// What live workers can start beyond what runs on them and what is on its way to them.
    func freeSlots() -> FreeSlots {
        let running = Dictionary(
            grouping: live.values.filter { $0.status == .running }, by: { $0.worker }
        ).mapValues(\.count)
        var slots = FreeSlots(total: 0, byType: [:])
        for worker in workers.values where worker.status.takesRuns {
            let free = max(0, worker.maxConcurrentTasks - (running[worker.id] ?? 0))
            slots.total += free
            for type in Set(worker.taskTypes) { slots.byType[type, default: 0] += free }
        }
        for run in live.values where run.status == .dispatched {
            slots.total -= 1
            slots.byType[run.taskType, default: 0] -= 1
        }
        return slots
    }

    /// The due runs that may start now: urgent first, then by due time, within the limits of their tasks.
    func pickable(limit: Int, slots: FreeSlots, now: UTCInstant) -> [TaskRun] {
        var slots = slots
        var active: [TaskID: Int] = [:]
        for run in live.values where run.status != .pending { active[run.task, default: 0] += 1 }
        let due = live.values
            .filter { $0.status == .pending && $0.dueAt <= now }
            .sorted { ($1.priority, $0.dueAt, $0.id) < ($0.priority, $1.dueAt, $1.id) }
        var picked: [TaskRun] = []
        for run in due {
            guard picked.count < limit else { break }
            let most = tasks[run.task]?.spec.maxConcurrent ?? 0
            guard most == 0 || active[run.task, default: 0] < most, slots.take(run.taskType) else { continue }
            active[run.task, default: 0] += 1
            picked.append(run)
        }
        return picked
    }
}
