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

    /// Whether no further fire time gets a run.
    var isFull: Bool { room <= 0 && !displaces }

    /// Whether, of any number of fire times, the latest `max_concurrent` get the runs.
    var keepsLatest: Bool {
        let places = task.spec.maxConcurrent
        return displaces && (task.spec.maxExecutions.map { $0 - task.executionCount > Int64(places) } ?? true)
    }

    mutating func fire(_ time: UTCInstant, id: RunID) {
        if displaces { makeRoom(for: 1) }
        guard room > 0 else { return skip(from: time, through: time, because: .overlap) }
        room -= 1
        let dueAt = FireJitter.dueTime(of: time, task: task.id, within: task.spec.jitterSeconds)
        runs.append(
            NewRun(id: id, tenant: task.tenant, task: task.id, trigger: .scheduled, scheduledAt: time, dueAt: dueAt))
    }

    /// Takes back the earliest runs whose places later ones would take at once: better not to make them at all.
    mutating func makeRoom(for count: Int) {
        let removed = runs.prefix(max(0, count - room)).compactMap(\.scheduledAt)
        runs.removeFirst(removed.count)
        room += removed.count
        for time in removed { skip(from: time, through: time, because: .overlap) }
    }

    /// Skips the fire times from `first`, which is one, up to another one; none where they are the same.
    mutating func skip(
        _ times: FireTimes, from first: UTCInstant, before limit: UTCInstant, because reason: SkippedFires.Reason
    ) {
        guard first < limit else { return }
        skip(from: first, through: times.last(from: first, before: limit), because: reason)
    }

    mutating func skip(from first: UTCInstant, through last: UTCInstant, because reason: SkippedFires.Reason) {
        let isConsecutive = skips.last.map { previous in
            // Runs are in order, so where any lies between the two series, the last one before `first` does.
            previous.reason == reason
                && !(runs.last?.scheduledAt.map { previous.last < $0 && $0 < first } ?? false)
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
