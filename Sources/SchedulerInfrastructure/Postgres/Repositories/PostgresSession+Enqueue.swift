import SchedulerDomain
import SchedulerErrors

/// Creating runs inside a transaction.
extension PostgresSession {
    func enqueue(_ groups: [[NewRun]], now: PostgresParameter) throws -> [SchedulerResult<[TaskRun]>] {
        let all = groups.flatMap { $0 }
        var tasks = try lockTasks(all.map(\.task), now: now)
        // After the tasks are locked, so that a repetition which ran at the same time is seen.
        var known = Dictionary(try findRuns(all.map(\.id)).map { ($0.id, $0) }) { first, _ in first }
        var fresh: [TaskRun] = []
        let results = groups.map { group in
            admit(group, to: &tasks, known: known).map { made in
                for run in made { known[run.id] = run }
                fresh += made
                return group.compactMap { known[$0.id] }
            }
        }
        try insert(fresh)
        try count(fresh)
        return results
    }

    /// Returns runs of either table, in no order.
    func findRuns(_ ids: [RunID]) throws -> [TaskRun] {
        guard let lowest = ids.min(), let highest = ids.max() else { return [] }
        return try execute(TaskRunSQL.find, [.uuids(ids.map(\.bits)), .uuid(lowest.bits), .uuid(highest.bits)])
            .map { try $0.taskRun() }
    }

    /// Makes those runs of a group that do not exist yet, or refuses the whole group.
    private func admit(
        _ group: [NewRun], to tasks: inout [TaskID: LockedTask], known: [RunID: TaskRun]
    ) -> SchedulerResult<[TaskRun]> {
        var admitted = tasks
        var made: [RunID: TaskRun] = [:]
        for new in group where known[new.id] == nil && made[new.id] == nil {
            if let refusal = LockedTask.refusal(of: new, by: admitted[new.task]) { return .failure(refusal) }
            made[new.id] = admitted[new.task]?.run(new)
            admitted[new.task]?.executionCount += 1
        }
        tasks = admitted
        return .success(group.compactMap { made.removeValue(forKey: $0.id) })
    }
}

extension LockedTask {
    /// Why a run cannot be created; nil where it can.
    fileprivate static func refusal(of run: NewRun, by task: LockedTask?) -> SchedulerError? {
        let context = ["task.id": "\(run.task)"]
        guard let task, task.tenant == run.tenant, !task.isDeleted else {
            return SchedulerError(.notFound, "task \(run.task) does not exist", context: context)
        }
        if let refusal = task.statusRefusal { return refusal }
        guard task.allows(1) else {
            return SchedulerError(
                .conflict, "task \(run.task) has had all the runs that max_executions allows", context: context)
        }
        return nil
    }

    /// Why the task takes no runs in its status; nil where it takes them.
    var statusRefusal: SchedulerError? {
        switch status {
        case .active, .paused: nil
        case .created, .inactive:
            SchedulerError(
                .conflict, "task \(id) is \(status.rawValue); resume it before it is triggered",
                context: ["task.id": "\(id)"])
        }
    }
}
