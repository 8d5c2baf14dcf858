import SchedulerDomain

extension SQLiteTransaction {
    func due(limit: Int, except excluded: Set<TaskID>) throws -> DueTasks {
        let left = "[\(excluded.map(\.rawValue.description).joined(separator: ","))]"
        let tasks = try rows(SQLiteTaskSQL.due, now.column, left, limit) { try $0.task() }
        let active = tasks.isEmpty ? [:] : try activeRuns()
        let entries = try tasks.map { task in
            DueTasks.Entry(
                task: task, load: TaskLoad(waiting: try waitingRuns(of: task.id), active: active[task.id] ?? 0))
        }
        let next = try row(SQLiteTaskSQL.nextFire, left, entries.count) { try $0.instant() }
        return DueTasks(now: now, entries: entries, nextFireAt: next)
    }

    /// Applies a decision if its compare and set holds.
    func fire(_ decision: FireDecision) throws -> Bool {
        guard var task = try undeletedTask(decision.task, tenant: decision.tenant), task.status == .active,
            task.version == decision.version, task.nextRunAt == decision.from, task.hasRoom(for: decision.runs.count)
        else { return false }
        for skip in decision.skips { try record(skip, of: task, mayContinue: skip == decision.leadingSkip) }
        var fresh: [NewRun] = []
        for new in decision.runs {
            // A fire time that stands in the ledger, as after the clock was set back, makes no second run.
            try execute(
                SQLiteTaskSQL.recordFire, task.id.rawValue, (new.scheduledAt ?? now).column, nil, task.version,
                new.id.blob, nil, now.column)
            if changes > 0 { fresh.append(new) }
        }
        if let kept = decision.keepAtMost, !fresh.isEmpty {
            let displaced = try rows(SQLiteTaskSQL.displaced, task.id.rawValue, task.id.rawValue, kept) {
                try $0.runID()
            }
            _ = try cancel(displaced, reason: decision.displacement)
        }
        for new in fresh { _ = try insert(new, of: &task) }
        try execute(
            SQLiteTaskSQL.fire, decision.next?.column, (decision.endsTask ? .inactive : task.status).rawValue,
            task.executionCount, task.lastRunAt?.column, task.id.rawValue)
        return true
    }

    /// Writes a skipped series, where it may into the task's latest line.
    func record(_ skip: SkippedFires, of task: TaskDefinition, mayContinue: Bool) throws {
        if mayContinue {
            try execute(
                SQLiteTaskSQL.continueSeries, skip.last.column, now.column, task.id.rawValue, task.id.rawValue,
                task.version, skip.reason.rawValue, skip.first.column)
            if changes > 0 { return }
        }
        try execute(
            SQLiteTaskSQL.recordFire, task.id.rawValue, skip.first.column,
            skip.last == skip.first ? nil : skip.last.column, task.version, nil, skip.reason.rawValue, now.column)
        guard changes == 0 else { return }
        try execute(
            SQLiteTaskSQL.recordRest, skip.last.column, task.version, skip.reason.rawValue, now.column,
            task.id.rawValue, skip.first.column)
    }

    func load(of task: TaskID) throws -> TaskLoad {
        TaskLoad(waiting: try waitingRuns(of: task), active: try activeRuns()[task] ?? 0)
    }

    private func waitingRuns(of task: TaskID) throws -> Int {
        try row(SQLiteTaskSQL.waiting, task.rawValue) { try $0.int() } ?? 0
    }

    private func activeRuns() throws -> [TaskID: Int] {
        let counts = try rows(SQLiteTaskSQL.active) { (TaskID(try $0.integer()), try $0.int()) }
        return Dictionary(uniqueKeysWithValues: counts)
    }

    func fires(of task: TaskID, in range: Range<UTCInstant>, limit: Int) throws -> [FireRecord] {
        let (from, to) = (range.lowerBound.column, range.upperBound.column)
        return try rows(SQLiteTaskSQL.fires, task.rawValue, to, task.rawValue, from, from, from, limit) { reader in
            FireRecord(
                task: TaskID(try reader.integer()), version: try reader.int(), scheduledAt: try reader.instant(),
                lastScheduledAt: reader.optionalInstant(), run: try reader.optionalRunID(),
                skipped: try reader.optionalWord(), decidedAt: try reader.instant())
        }
    }
}

extension TaskDefinition {
    /// Whether `max_executions` allows that many more runs.
    func hasRoom(for count: Int) -> Bool {
        guard let most = spec.maxExecutions else { return true }
        return executionCount + Int64(count) <= most
    }
}
