import SchedulerDomain
import SchedulerErrors

/// Creating and reading runs.
extension SQLiteTransaction {
    func enqueue(_ groups: [[NewRun]]) throws -> [SchedulerResult<[TaskRun]>] {
        var tasks: [TaskID: TaskDefinition] = [:]
        var changed: Set<TaskID> = []
        let results = try groups.map { group in try enqueue(group, tasks: &tasks, changed: &changed) }
        for task in changed.sorted().compactMap({ tasks[$0] }) {
            try execute(SQLiteTaskSQL.count, task.executionCount, task.lastRunAt?.column, task.id.rawValue)
        }
        return results
    }

    private func enqueue(
        _ group: [NewRun], tasks: inout [TaskID: TaskDefinition], changed: inout Set<TaskID>
    ) throws -> SchedulerResult<[TaskRun]> {
        var existing: [RunID: TaskRun] = [:]
        var added: [TaskID: Int] = [:]
        for new in group {
            if let run = try run(new.id) {
                existing[new.id] = run
                continue
            }
            guard let task = try tasks[new.task] ?? undeletedTask(new.task, tenant: new.tenant),
                task.tenant == new.tenant
            else { return .failure(SchedulerError(.notFound, "task \(new.task) does not exist")) }
            tasks[task.id] = task
            added[task.id, default: 0] += 1
            if let refusal = task.refusal(of: added[task.id] ?? 1) { return .failure(refusal) }
        }
        changed.formUnion(added.keys)
        return .success(
            try group.compactMap { new in
                if let run = existing[new.id] { return run }
                guard var task = tasks[new.task] else { return nil }
                let run = try insert(new, of: &task)
                tasks[task.id] = task
                existing[run.id] = run
                return run
            })
    }

    /// Makes a run of the task as it is now and counts it in the value; the caller writes the count.
    func insert(_ new: NewRun, of task: inout TaskDefinition) throws -> TaskRun {
        let scheduledAt = new.scheduledAt ?? now
        let run = TaskRun(
            id: new.id, tenant: task.tenant, task: task.id, taskVersion: task.version, taskType: task.spec.taskType,
            priority: new.overrides.priority ?? task.spec.priority, concurrencyKey: task.spec.concurrencyKey,
            overrides: new.overrides, trigger: new.trigger, triggeredBy: new.triggeredBy, scheduledAt: scheduledAt,
            dueAt: new.due(now: now), workflow: try new.workflow ?? (hasDependents(task.id) ? new.id : nil),
            traceContext: new.traceContext, createdAt: now, updatedAt: now)
        try execute(
            SQLiteTaskRunSQL.enqueue, run.id.blob, run.tenant.rawValue, run.task.rawValue, run.taskVersion,
            run.taskType, run.priority.level, run.concurrencyKey,
            run.overrides.isEmpty ? nil : try SQLiteValue.json(run.overrides), run.trigger.rawValue, run.triggeredBy,
            run.scheduledAt.column, run.dueAt.column, run.traceContext, run.workflow?.blob, now.column, now.column)
        task.executionCount += 1
        // A run that is planned ahead is none that the task has had.
        let latest = min(scheduledAt, now)
        task.lastRunAt = max(task.lastRunAt ?? latest, latest)
        return run
    }

    /// A run, live or ended.
    func run(_ id: RunID) throws -> TaskRun? {
        try row(SQLiteTaskRunSQL.findLive, id.blob) { try $0.run() }
            ?? row(SQLiteTaskRunSQL.findHistory, id.blob) { try $0.run() }
    }

    /// One page of live and ended runs.
    ///
    /// Each table yields its newest; together they hold the page.
    func list(_ query: TaskRunQuery) throws -> Page<TaskRun> {
        var builder = TaskQueryBuilder()
        builder.filter("tenant_id", .equal, .text(query.tenant.rawValue))
        builder.filter("task_id", .equal, query.task.map { .integer($0.rawValue) })
        builder.filter("status", .equal, query.status.map { .text($0.rawValue) })
        builder.filter("id", .less, query.before.map { .run($0) })
        builder.page(descendingBy: "id", limit: query.limit)
        var rows: [TaskRun] = []
        if query.status?.isTerminal != true {
            rows += try self.rows(SQLiteTaskRunSQL.selectLive + builder.text, builder.arguments) { try $0.run() }
        }
        if query.status?.isTerminal != false {
            rows += try self.rows(SQLiteTaskRunSQL.selectHistory + builder.text, builder.arguments) { try $0.run() }
        }
        return Page(rows: rows.sorted { $0.id > $1.id }, limit: query.limit)
    }

    func attempts(of run: RunID) throws -> [AttemptRecord] {
        try rows(SQLiteTaskRunSQL.attempts, run.blob) { reader in
            AttemptRecord(
                attempt: RunAttempt(run: try reader.runID(), attempt: try reader.int()), ending: try reader.word(),
                worker: try reader.optionalWorkerID(), startedAt: reader.optionalInstant(),
                endedAt: try reader.instant(), exitCode: reader.optionalInt(), errorType: try reader.optionalWord(),
                errorMessage: reader.optionalText())
        }
    }
}

extension SQLiteRowReader {
    mutating func run() throws -> TaskRun {
        var run = TaskRun(
            id: try runID(), tenant: TenantID(try text()), task: TaskID(try integer()), taskVersion: try int(),
            taskType: try text(), priority: Priority(level: try int()) ?? .normal, concurrencyKey: optionalText(),
            overrides: try optionalValue(RunOverrides.self) ?? .none, status: try word(), trigger: try word(),
            triggeredBy: optionalText(), scheduledAt: try instant(), dueAt: try instant(),
            dispatchedAt: optionalInstant(), startedAt: optionalInstant(), attempt: try int(),
            settledAttempt: try int(), failures: try int(), interruptions: try int(), crashes: try int(),
            worker: try optionalWorkerID(), cancelRequestedAt: optionalInstant(), progress: try int(),
            workflow: try optionalRunID(), traceContext: optionalText(), createdAt: try instant(),
            updatedAt: try instant())
        run.completedAt = optionalInstant()
        run.result = try optionalJSON()
        run.exitCode = optionalInt()
        run.errorType = try optionalWord()
        run.errorMessage = optionalText()
        run.errorStack = optionalText()
        run.memoryPeakMegabytes = optionalInt()
        run.cpuTime = optionalInteger().map { .milliseconds($0) }
        return run
    }
}

extension TaskDefinition {
    /// Why the task takes no more runs by hand; nil where it takes them.
    fileprivate func refusal(of count: Int) -> SchedulerError? {
        if let statusRefusal { return statusRefusal }
        guard !hasRoom(for: count) else { return nil }
        return SchedulerError(.conflict, "task \(id) has reached its max_executions")
    }

    /// Why the task takes no runs in its status; nil where it takes them.
    var statusRefusal: SchedulerError? {
        switch status {
        case .created, .inactive: SchedulerError(.conflict, "task \(id) is \(status.rawValue); resume it first")
        case .active, .paused: nil
        }
    }
}
