import SchedulerDomain
import SchedulerErrors

/// What the transactions of the task repository do.
extension InMemoryState {
    mutating func create(_ draft: TaskDraft, now: UTCInstant) throws -> TaskDefinition {
        try checkName(draft.spec.name, tenant: draft.tenant, except: nil)
        try checkDependencies(of: draft.spec, task: nil, tenant: draft.tenant)
        lastTask += 1
        let task = TaskDefinition(
            id: TaskID(lastTask), tenant: draft.tenant, spec: draft.spec, status: draft.status,
            createdBy: draft.createdBy, createdAt: now, updatedAt: now, nextRunAt: draft.nextRunAt,
            pausedAt: draft.status == .paused ? now : nil)
        tasks[task.id] = task
        versions[TaskVersionID(task: task.id, version: 1)] = draft.spec
        return task
    }

    mutating func save(_ edit: TaskEdit, replacing old: TaskDefinition, now: UTCInstant) throws -> TaskDefinition {
        guard let stored = undeleted(edit.task.id, tenant: edit.task.tenant) else {
            throw SchedulerError(.notFound, "task \(edit.task.id) does not exist")
        }
        let expectedNext = edit.decided.map(\.from) ?? old.nextRunAt
        guard stored.version == old.version, stored.nextRunAt == expectedNext, stored.status == old.status,
            stored.pausedAt == old.pausedAt
        else {
            throw SchedulerError(.conflict, "task \(edit.task.id) was changed meanwhile; read it again")
        }
        if edit.task.spec.name != stored.spec.name {
            try checkName(edit.task.spec.name, tenant: edit.task.tenant, except: edit.task.id)
        }
        if edit.task.spec.dependencies != stored.spec.dependencies {
            try checkDependencies(of: edit.task.spec, task: stored.id, tenant: stored.tenant)
        }
        if let decided = edit.decided, !fire(decided, now: now) {
            throw SchedulerError(.conflict, "task \(edit.task.id) was changed meanwhile; read it again")
        }
        if let missed = edit.missed { record(missed, of: stored, mayContinue: true, now: now) }
        // Counters go on from what is stored: runs may have been made since the task was read.
        var task = tasks[edit.task.id] ?? stored
        task.status = edit.task.status
        task.nextRunAt = edit.task.nextRunAt
        task.pausedAt = edit.task.pausedAt
        task.updatedAt = now
        if edit.task.spec != task.spec {
            task.spec = edit.task.spec
            task.version += 1
            versions[TaskVersionID(task: task.id, version: task.version)] = task.spec
        }
        // Without dependencies nothing arrives any more that could close a join.
        if task.spec.dependencies.isEmpty { forgetJoins(of: task.id) }
        tasks[task.id] = task
        return task
    }

    /// Deletes tasks and cancels their runs, after the edges of all are gone.
    mutating func delete(_ ids: [TaskID], now: UTCInstant) {
        deleted.formUnion(ids)
        for id in ids {
            forgetJoins(of: id)
            tasks[id]?.status = .inactive
            tasks[id]?.nextRunAt = nil
            tasks[id]?.pausedAt = nil
            tasks[id]?.updatedAt = now
        }
        for run in live.values where ids.contains(run.task) {
            _ = cancel(run, reason: TaskDefinition.deletion, now: now)
        }
    }

    /// Applies a decision if its compare and set holds.
    mutating func fire(_ decision: FireDecision, now: UTCInstant) -> Bool {
        guard var task = undeleted(decision.task, tenant: decision.tenant), task.status == .active,
            task.version == decision.version, task.nextRunAt == decision.from,
            task.hasRoom(for: decision.runs.count)
        else { return false }
        for skip in decision.skips {
            record(skip, of: task, mayContinue: skip == decision.leadingSkip, now: now)
        }
        let decided = Set(fires[task.id, default: []].map(\.scheduledAt))
        let fresh = decision.runs.filter { !decided.contains($0.scheduledAt ?? now) }
        if let kept = decision.keepAtMost, !fresh.isEmpty {
            displace(allBut: kept, of: task.id, reason: decision.displacement, now: now)
        }
        for run in fresh {
            let run = insert(run, of: &task, now: now)
            fires[task.id, default: []].append(
                FireRecord(
                    task: task.id, version: task.version, scheduledAt: run.scheduledAt, run: run.id, decidedAt: now))
        }
        task.nextRunAt = decision.next
        if decision.endsTask { task.status = .inactive }
        tasks[task.id] = task
        return true
    }

    /// Makes a run of the task as it is now and counts it.
    mutating func insert(_ new: NewRun, of task: inout TaskDefinition, now: UTCInstant) -> TaskRun {
        let scheduledAt = new.scheduledAt ?? now
        let run = TaskRun(
            id: new.id, tenant: task.tenant, task: task.id, taskVersion: task.version, taskType: task.spec.taskType,
            priority: new.overrides.priority ?? task.spec.priority, concurrencyKey: task.spec.concurrencyKey,
            overrides: new.overrides, trigger: new.trigger, triggeredBy: new.triggeredBy, scheduledAt: scheduledAt,
            dueAt: new.due(now: now), workflow: new.workflow ?? (dependents(of: task.id).isEmpty ? nil : new.id),
            traceContext: new.traceContext, createdAt: now, updatedAt: now)
        live[run.id] = run
        task.executionCount += 1
        let latest = min(scheduledAt, now)
        task.lastRunAt = max(task.lastRunAt ?? latest, latest)
        return run
    }

    private func checkName(_ name: String, tenant: TenantID, except id: TaskID?) throws {
        let isTaken = tasks.values.contains { task in
            task.spec.name == name && task.tenant == tenant && task.id != id && !deleted.contains(task.id)
        }
        guard !isTaken else {
            throw SchedulerError(.alreadyExists, "a task named \"\(name)\" exists already")
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
