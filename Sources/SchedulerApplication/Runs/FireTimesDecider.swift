public import SchedulerDomain
public import SchedulerFoundation

/// Decides what becomes of a task's fire times that are due: pure, so that every dispatcher and every edit decides alike.
///
/// A fire time that is at most `punctuality` late is on time and gets its run. Later ones are misfires; of those the
/// latest gets a run if it is not older than `misfireWindow` (`fire_once`), the others are skipped as one series. The
/// work is proportional to the runs that are made, not to the fire times that were missed.
public struct FireTimesDecider: Sendable {
    /// The time zones that schedules are read with.
    public let zones: any ZoneCatalog
    private let punctuality: Duration
    private let misfireWindow: Duration
    private let maxWaiting: Int
    private let makeRunID: @Sendable (UTCInstant) -> RunID

    /// - Parameters:
    ///   - zones: the time zones that schedules are read with.
    ///   - punctuality: how late a fire time may be decided and still count as on time.
    ///   - misfireWindow: the age beyond which a missed fire time is never made up for.
    ///   - maxWaiting: how many scheduled runs of one task may wait; fire times beyond are skipped.
    ///   - makeRunID: makes the id of a run created at the given time.
    public init(
        zones: any ZoneCatalog = SystemZones.shared,
        punctuality: Duration = .seconds(10),
        misfireWindow: Duration = .seconds(3_600),
        maxWaiting: Int = 100,
        makeRunID: @escaping @Sendable (UTCInstant) -> RunID = { RunID(at: $0) }
    ) {
        self.zones = zones
        self.punctuality = punctuality
        self.misfireWindow = misfireWindow
        self.maxWaiting = maxWaiting
        self.makeRunID = makeRunID
    }

    /// Returns the decision on every fire time of the task from `next_run_at` through `now`; nil where none is due.
    ///
    /// - Parameters:
    ///   - waiting: how many scheduled runs of the task are pending.
    ///   - now: the store's time.
    /// - Throws: `validation` where the task's schedule or zone cannot be read.
    public func decision(for task: TaskDefinition, waiting: Int, now: UTCInstant) throws -> FireDecision? {
        guard task.status == .active, let from = task.nextRunAt, from <= now,
            let times = try FireTimes(of: task.spec, zones: zones)
        else { return nil }
        var plan = Plan(task: task, from: from, room: maxWaiting - waiting)
        // Runs triggered by hand may have used up the last execution.
        if plan.isExhausted { return plan.decision(next: nil) }
        var next: UTCInstant? = from
        let punctualFrom = now.advanced(by: .zero - punctuality)
        if from < punctualFrom {
            next = catchUp(times, before: punctualFrom, now: now, plan: &plan)
        }
        while let fire = next, fire <= now, !plan.isExhausted {
            plan.fire(fire, id: makeRunID(now))
            next = times.next(after: fire)
        }
        return plan.decision(next: plan.isExhausted ? nil : next)
    }

    /// Decides the fire times before `limit` and returns the first one at or after it.
    private func catchUp(
        _ times: FireTimes, before limit: UTCInstant, now: UTCInstant, plan: inout Plan
    ) -> UTCInstant? {
        let last = times.last(from: plan.from, before: limit)
        if last >= now.advanced(by: .zero - misfireWindow) {
            if last > plan.from {
                plan.skip(from: plan.from, through: times.last(from: plan.from, before: last), because: .misfire)
            }
            plan.fire(last, id: makeRunID(now))
        } else {
            plan.skip(from: plan.from, through: last, because: .misfire)
        }
        return times.next(after: last)
    }
}

/// The decision while it is made: keeps the limits and joins consecutive skips.
private struct Plan {
    let task: TaskDefinition
    let from: UTCInstant
    private var room: Int
    private var runs: [NewRun] = []
    private var skips: [SkippedFires] = []

    init(task: TaskDefinition, from: UTCInstant, room: Int) {
        self.task = task
        self.from = from
        self.room = room
    }

    /// Whether the task has had all its runs.
    var isExhausted: Bool {
        guard let most = task.spec.maxExecutions else { return false }
        return task.executionCount + Int64(runs.count) >= most
    }

    mutating func fire(_ time: UTCInstant, id: RunID) {
        guard room > 0 else { return skip(from: time, through: time, because: .overlap) }
        room -= 1
        runs.append(
            NewRun(id: id, tenant: task.tenant, task: task.id, trigger: .scheduled, scheduledAt: time, dueAt: time))
    }

    mutating func skip(from first: UTCInstant, through last: UTCInstant, because reason: SkippedFires.Reason) {
        if let previous = skips.last, previous.reason == reason, runs.last?.scheduledAt ?? .distantPast < previous.first
        {
            skips[skips.count - 1].last = last
        } else {
            skips.append(SkippedFires(first: first, last: last, reason: reason))
        }
    }

    func decision(next: UTCInstant?) -> FireDecision {
        FireDecision(
            task: task.id, tenant: task.tenant, version: task.version, from: from, runs: runs, skips: skips, next: next,
            endsTask: next == nil)
    }
}
