import SchedulerDomain

extension SQLiteTransaction {
    func due(limit: Int) throws -> DueTasks {
        let entries = try rows(SQLiteTaskSQL.due, now.column, limit) { reader in
            DueTasks.Entry(task: try reader.task(), waiting: try reader.int())
        }
        let next = try row(SQLiteTaskSQL.nextFire, entries.count) { try $0.instant() }
        return DueTasks(now: now, entries: entries, nextFireAt: next)
    }

    /// Applies a decision if its compare and set holds.
    func fire(_ decision: FireDecision) throws -> Bool {
        guard var task = try undeletedTask(decision.task, tenant: decision.tenant), task.status == .active,
            task.version == decision.version, task.nextRunAt == decision.from, task.hasRoom(for: decision.runs.count)
        else { return false }
        for new in decision.runs {
            // A fire time that stands in the ledger, as after the clock was set back, makes no second run.
            try execute(
                SQLiteTaskSQL.recordFire, task.id.rawValue, (new.scheduledAt ?? now).column, nil, task.version,
                new.id.blob, nil, now.column)
            if changes > 0 { _ = try insert(new, of: &task) }
        }
        for skip in decision.skips {
            try execute(
                SQLiteTaskSQL.recordFire, task.id.rawValue, skip.first.column,
                skip.last == skip.first ? nil : skip.last.column, task.version, nil, skip.reason.rawValue, now.column)
        }
        try execute(
            SQLiteTaskSQL.fire, decision.next?.column, (decision.endsTask ? .inactive : task.status).rawValue,
            task.executionCount, task.lastRunAt?.column, task.id.rawValue)
        return true
    }

    func fires(of task: TaskID, in range: Range<UTCInstant>, limit: Int) throws -> [FireRecord] {
        try rows(SQLiteTaskSQL.fires, task.rawValue, range.lowerBound.column, range.upperBound.column, limit) {
            reader in
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
