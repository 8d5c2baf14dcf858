import SchedulerApplication
import SchedulerDomain
import SchedulerErrors

/// Whether the ledger of a task has every due fire time exactly once, and each of its runs stands for its own.
struct Ledger {
    let task: TaskDefinition
    let fires: [FireRecord]
    /// All runs of the task that its schedule made.
    let runs: [TaskRun]

    /// - Parameters:
    ///   - since: nothing is due before or at this time.
    ///   - end: when the schedule was taken away; what was due before is in the ledger, up to the moment at which the
    ///     client read the time for it.
    func faults(since: UTCInstant, until end: UTCInstant) throws -> [String] {
        guard let times = try FireTimes(of: task.spec, zones: FireTimesDecider().zones) else { return [] }
        var faults: [String] = []
        var covered: Set<UTCInstant> = []
        for fire in fires {
            // What is left of a series whose beginning stands elsewhere begins right after that, at no fire time.
            let last = fire.lastScheduledAt ?? fire.scheduledAt
            var next = times.next(after: fire.scheduledAt.advanced(by: .microseconds(-1)))
            if next != fire.scheduledAt, fire.lastScheduledAt == nil || fire.run != nil {
                faults.append("task \(task.id): \(fire.scheduledAt) is no fire time")
            }
            while let time = next, time <= last {
                covered.insert(time)
                next = times.next(after: time)
            }
        }
        // Where the store's clock went back there may be lines of earlier ones.
        var expected = times.next(after: since)
        for time in covered.sorted() where time > since {
            if time != expected {
                faults.append(
                    "task \(task.id): the ledger has \(time) where \(expected?.description ?? "none") is next")
                break
            }
            expected = times.next(after: time)
        }
        if let expected, expected <= end.advanced(by: .seconds(-2)) {
            faults.append("task \(task.id): \(expected) is not in the ledger")
        }
        let scheduled = Dictionary(grouping: runs, by: \.scheduledAt)
        for (time, runs) in scheduled where runs.count > 1 {
            faults.append("task \(task.id): \(time) has \(runs.count) runs")
        }
        let fired = Dictionary(fires.compactMap { fire in fire.run.map { ($0, fire.scheduledAt) } }) { $1 }
        for run in runs where fired[run.id] != run.scheduledAt {
            faults.append("task \(task.id): run \(run.id) of \(run.scheduledAt) is not in the ledger")
        }
        for (id, time) in fired where scheduled[time]?.contains(where: { $0.id == id }) != true {
            faults.append("task \(task.id): the run of \(time) does not exist")
        }
        return faults
    }
}
