public import SchedulerDomain
public import SchedulerFoundation

/// Decides what becomes of a task's fire times that are due: pure, so that every dispatcher and every edit decides alike.
///
/// A fire time that is at most `punctuality` late is on time and gets its run. Later ones are misfires, of which the
/// task's misfire policy makes up for none, the latest, or the latest few, and only within its window; the older ones
/// are skipped as one series. Runs are made only as far as the overlap policy has room for them; a fire time that both
/// the overlap policy and `misfire_limit` leave out is skipped for the overlap. The work is
/// proportional to the runs that are made, not to the fire times that were missed.
public struct FireTimesDecider: Sendable {
    /// The time zones that schedules are read with.
    public let zones: any ZoneCatalog
    private let punctuality: Duration
    private let maxWaiting: Int
    private let makeRunID: @Sendable (UTCInstant) -> RunID

    /// - Parameters:
    ///   - zones: the time zones that schedules are read with.
    ///   - punctuality: how late a fire time may be decided and still count as on time.
    ///   - maxWaiting: how many scheduled runs of one task may wait; fire times beyond are skipped.
    ///   - makeRunID: makes the id of a run created at the given time.
    public init(
        zones: any ZoneCatalog = SystemZones.shared,
        punctuality: Duration = .seconds(10),
        maxWaiting: Int = 100,
        makeRunID: @escaping @Sendable (UTCInstant) -> RunID = { RunID(at: $0) }
    ) {
        self.zones = zones
        self.punctuality = punctuality
        self.maxWaiting = maxWaiting
        self.makeRunID = makeRunID
    }

    /// Returns the decision on every fire time of the task from `next_run_at` through `now`; nil where none is due.
    ///
    /// - Parameters:
    ///   - load: the live runs of the task.
    ///   - now: the store's time.
    /// - Throws: `validation` where the task's schedule or zone cannot be read.
    public func decision(for task: TaskDefinition, load: TaskLoad, now: UTCInstant) throws -> FireDecision? {
        guard task.status == .active, let from = task.nextRunAt, from <= now,
            let times = try FireTimes(of: task.spec, zones: zones)
        else { return nil }
        var plan = FirePlan(task: task, from: from, load: load, maxWaiting: maxWaiting)
        // Runs triggered by hand may have used up the last execution.
        if plan.isExhausted { return plan.decision(next: nil) }
        var next: UTCInstant? = from
        let punctualFrom = now.advanced(by: .zero - punctuality)
        if from < punctualFrom {
            next = catchUp(times, before: punctualFrom, now: now, plan: &plan)
        }
        if let first = next, first <= now {
            next = fire(times, from: first, now: now, plan: &plan)
        }
        return plan.decision(next: plan.isExhausted ? nil : next)
    }

    /// Returns the fire times from just after a pause began through `now`, as one series; nil where there is none.
    ///
    /// - Throws: `validation` where the task's schedule or zone cannot be read.
    public func missedByPause(of task: TaskDefinition, now: UTCInstant) throws -> SkippedFires? {
        guard task.status == .paused, let pausedAt = task.pausedAt,
            let times = try FireTimes(of: task.spec, zones: zones),
            let first = times.next(after: pausedAt), first <= now
        else { return nil }
        let last = times.last(from: first, before: now.advanced(by: .microseconds(1)))
        return SkippedFires(first: first, last: last, reason: .paused)
    }

    /// Decides the fire times before `limit` and returns the first one at or after it.
    private func catchUp(
        _ times: FireTimes, before limit: UTCInstant, now: UTCInstant, plan: inout FirePlan
    ) -> UTCInstant? {
        let last = times.last(from: plan.from, before: limit)
        let oldest = max(plan.from, now.advanced(by: .seconds(-plan.task.spec.misfireWindowSeconds)))
        let most = plan.task.spec.mostMadeUp
        // Walking back further than there is room would cost and make nothing.
        let madeUp = times.latest(min(most, max(1, plan.room)), from: plan.from, notBefore: oldest, through: last)
        guard let first = madeUp.first else {
            plan.skip(from: plan.from, through: last, because: .misfire)
            return times.next(after: last)
        }
        // Where room was what ended the walk, the rest of the window is left out for that, without being counted.
        let isCut = madeUp.count < most && oldest < first
        let within = isCut ? times.first(atOrAfter: oldest, from: plan.from) ?? first : first
        plan.skip(times, from: plan.from, before: within, because: .misfire)
        plan.skip(times, from: within, before: first, because: .overlap)
        for fire in madeUp where !plan.isExhausted { plan.fire(fire, id: makeRunID(now)) }
        return times.next(after: last)
    }

    /// Decides the fire times from `first` through `now` and returns the one after the last that was decided.
    private func fire(_ times: FireTimes, from first: UTCInstant, now: UTCInstant, plan: inout FirePlan) -> UTCInstant?
    {
        let last = times.last(from: first, before: now.advanced(by: .microseconds(1)))
        var next: UTCInstant? = first
        if plan.keepsLatest {
            // Earlier ones would lose their places to later ones at once.
            let latest = times.latest(plan.task.spec.maxConcurrent, from: first, notBefore: first, through: last)
            plan.makeRoom(for: latest.count)
            next = latest.first
            plan.skip(times, from: first, before: next ?? first, because: .overlap)
        }
        while let fire = next, fire <= last, !plan.isExhausted {
            if plan.isFull {
                plan.skip(from: fire, through: last, because: .overlap)
                return times.next(after: last)
            }
            plan.fire(fire, id: makeRunID(now))
            next = times.next(after: fire)
        }
        return next
    }
}

extension TaskSpec {
    /// How many missed fire times the misfire policy makes up for at most.
    fileprivate var mostMadeUp: Int {
        switch misfirePolicy {
        case .skip: 0
        case .fireOnce: 1
        case .fireAll: misfireLimit
        }
    }
}

extension FireTimes {
    /// Returns at most the latest `count` fire times from `oldest` through `last`, earliest first.
    ///
    /// - Precondition: `first` and `last` are fire times.
    fileprivate func latest(
        _ count: Int, from first: UTCInstant, notBefore oldest: UTCInstant, through last: UTCInstant
    ) -> [UTCInstant] {
        var fires: [UTCInstant] = []
        var fire = last
        while fires.count < count, fire >= oldest {
            fires.append(fire)
            guard fire > first else { break }
            fire = self.last(from: first, before: fire)
        }
        return fires.reversed()
    }

    /// Returns the first fire time at or after an instant, given that `first` is one and no earlier one matters.
    fileprivate func first(atOrAfter instant: UTCInstant, from first: UTCInstant) -> UTCInstant? {
        instant <= first ? first : next(after: instant.advanced(by: .microseconds(-1)))
    }
}
