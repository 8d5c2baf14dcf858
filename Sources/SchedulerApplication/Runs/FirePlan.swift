import SchedulerDomain

/// A fire decision while it is made: keeps the limits and joins consecutive skips.
struct FirePlan {
    let task: TaskDefinition
    let from: UTCInstant
    /// How many runs the overlap policy still has room for.
    private(set) var room: Int
    private var runs: [NewRun] = []
    private var skips: [SkippedFires] = []
    /// Whether new runs take the place of live ones.
    private let displaces: Bool

    init(task: TaskDefinition, from: UTCInstant, load: TaskLoad, maxWaiting: Int) {
        self.task = task
        self.from = from
        let most = task.spec.maxConcurrent
        displaces = task.spec.overlapPolicy == .cancelRunning && most > 0
        room =
            switch task.spec.overlapPolicy {
            // `waiting` is counted up to the bound only.
            case .skip where most > 0: min(most - load.active, maxWaiting) - load.waiting
            case .cancelRunning where most > 0: most
            case .queue, .skip, .cancelRunning: maxWaiting - load.waiting
            }
    }

    /// Whether the task has had all its runs.
    var isExhausted: Bool {
        guard let most = task.spec.maxExecutions else { return false }
        return task.executionCount + Int64(runs.count) >= most
    }

    mutating func fire(_ time: UTCInstant, id: RunID) {
        if room <= 0 {
            guard displaces, let oldest = runs.first?.scheduledAt else {
                return skip(from: time, through: time, because: .overlap)
            }
            // This one would take the place of a run that this very decision makes: better not to make it at all.
            runs.removeFirst()
            skip(from: oldest, through: oldest, because: .overlap)
            room += 1
        }
        room -= 1
        let dueAt = FireJitter.dueTime(of: time, task: task.id, within: task.spec.jitterSeconds)
        runs.append(
            NewRun(id: id, tenant: task.tenant, task: task.id, trigger: .scheduled, scheduledAt: time, dueAt: dueAt))
    }

    mutating func skip(from first: UTCInstant, through last: UTCInstant, because reason: SkippedFires.Reason) {
        let isConsecutive = skips.last.map { previous in
            previous.reason == reason
                && !runs.contains { run in run.scheduledAt.map { previous.last < $0 && $0 < first } ?? false }
        }
        if isConsecutive == true {
            skips[skips.count - 1].last = last
        } else {
            skips.append(SkippedFires(first: first, last: last, reason: reason))
        }
    }

    func decision(next: UTCInstant?) -> FireDecision {
        FireDecision(
            task: task.id, tenant: task.tenant, version: task.version, from: from, runs: runs, skips: skips, next: next,
            endsTask: next == nil,
            keepAtMost: displaces && !runs.isEmpty ? max(0, task.spec.maxConcurrent - runs.count) : nil)
    }
}
