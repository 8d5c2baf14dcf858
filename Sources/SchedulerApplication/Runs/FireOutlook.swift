import SchedulerDomain

/// The fire times of a task that no ledger has yet: left out by a pause, due, and to come.
///
/// No more of them are due and to come than `max_executions` leaves. Where a range begins far ahead, the fire times
/// before it are counted up to a bound only; then it may list some that are too many.
struct FireOutlook {
    private let task: TaskDefinition
    private let now: UTCInstant
    private let times: FireTimes?

    init(task: TaskDefinition, now: UTCInstant, zones: any ZoneCatalog) throws {
        self.task = task
        self.now = now
        times = try FireTimes(readable: task.spec, zones: zones)
    }

    /// - Parameter continues: whether an earlier page has shown what began before the range.
    func items(in range: Range<UTCInstant>, continues: Bool, limit: Int) -> [FireItem] {
        guard let times else { return [] }
        if let pausedAt = task.pausedAt {
            return pause(times, since: pausedAt, in: range, continues: continues).map { [$0] } ?? []
        }
        guard task.status == .active, let first = task.nextRunAt else { return [] }
        let executionsLeft = task.spec.maxExecutions.map { $0 - task.executionCount }
        let passed = times.passed(from: first, before: range.lowerBound, countingTo: executionsLeft)
        let left = executionsLeft.map { Int(clamping: $0 - passed.count) } ?? limit
        var items: [FireItem] = []
        var fire = passed.next
        while let time = fire, time < range.upperBound, items.count < min(limit, left) {
            items.append(FireItem(time <= now ? .due : .expected, at: time))
            fire = times.next(after: time)
        }
        return items
    }

    private func pause(
        _ times: FireTimes, since start: UTCInstant, in range: Range<UTCInstant>, continues: Bool
    ) -> FireItem? {
        guard let first = times.next(after: start), first <= now, first < range.upperBound,
            first >= range.lowerBound || !continues
        else { return nil }
        let last = times.last(from: first, before: now.advanced(by: .microseconds(1)))
        guard last >= range.lowerBound else { return nil }
        return FireItem(
            .paused, at: first, through: last > first ? last : nil, reason: "paused: the task is paused",
            version: task.version)
    }
}

extension FireTimes {
    /// More are not counted: so many take a few milliseconds.
    private static let mostPassed: Int64 = 10_000

    /// Counts the fire times from `first`, which is one, up to `limit`, and returns the next one.
    ///
    /// - Parameter most: how many matter; nil: none is counted.
    fileprivate func passed(
        from first: UTCInstant, before limit: UTCInstant, countingTo most: Int64?
    ) -> (count: Int64, next: UTCInstant?) {
        guard first < limit else { return (0, first) }
        var count: Int64 = 0
        var fire: UTCInstant? = first
        let bound = min(most ?? 0, FireTimes.mostPassed)
        while count < bound, let time = fire, time < limit {
            count += 1
            fire = next(after: time)
        }
        guard let reached = fire, reached < limit else { return (count, fire) }
        return (count, next(after: limit.advanced(by: .microseconds(-1))))
    }
}
