import SchedulerDomain
import SchedulerErrors

/// Creating and editing tasks inside a transaction.
extension PostgresSession {
    func createTasks(_ drafts: [TaskDraft], now: PostgresParameter) throws -> [TaskDefinition] {
        let specs = drafts.map(\.spec)
        try lockTenants(drafts.filter { !$0.spec.dependencies.isEmpty }.map(\.tenant))
        let rows = try execute(
            TaskSQL.create,
            [
                .texts(drafts.map(\.tenant.rawValue)), .texts(specs.map(\.name)), .texts(specs.map(\.taskType)),
                .int4s(specs.map(\.priority.level)), .int4s(specs.map(\.maxConcurrent)),
                .texts(specs.map(\.concurrencyKey)), .texts(drafts.map(\.status.rawValue)),
                .int8s(specs.map(\.maxExecutions)), .texts(drafts.map(\.createdBy)),
                .instants(drafts.map(\.nextRunAt)), now,
            ]
        ).map { row in
            (id: TaskID(try row.int64()), tenant: TenantID(try row.text()), name: try row.text(), at: try row.instant())
        }
        // The names are unique in their tenants, so they tell which row came of which draft.
        let ids = Dictionary(uniqueKeysWithValues: rows.map { ([$0.tenant.rawValue, $0.name], $0) })
        let created = try drafts.map { draft in
            guard let row = ids[[draft.tenant.rawValue, draft.spec.name]] else {
                throw SchedulerError(.internal, "a created task was not returned")
            }
            return TaskDefinition(
                id: row.id, tenant: draft.tenant, spec: draft.spec, status: draft.status, createdBy: draft.createdBy,
                createdAt: row.at, updatedAt: row.at, nextRunAt: draft.nextRunAt,
                pausedAt: draft.status == .paused ? row.at : nil)
        }
        try addVersions(of: created)
        try addDependencies(of: created)
        return created
    }

    /// Reads the specs of versions that are not in the cache, and keeps them there; unknown ones are missing.
    func specs(of ids: some Sequence<TaskVersionID>, _ cache: SpecCache) throws -> [TaskVersionID: TaskSpec] {
        let ids = Set(ids)
        var specs = cache.specs(of: ids)
        let missing = ids.filter { specs[$0] == nil }.sorted()
        guard !missing.isEmpty else { return specs }
        let rows = try execute(
            TaskSQL.versions, [.int8s(missing.map(\.task.rawValue)), .int4s(missing.map(\.version))]
        ).map { row in
            (TaskVersionID(task: TaskID(try row.int64()), version: try row.int()), try row.optionalJSONText() ?? "null")
        }
        for (id, json) in rows {
            let spec = try TaskSpec(json: json)
            cache.keep(spec, of: id, bytes: json.utf8.count)
            specs[id] = spec
        }
        return specs
    }

    func saveTasks(
        _ edits: [TaskEdit], replacing old: [TaskDefinition], now: PostgresParameter
    ) throws -> [TaskDefinition] {
        let rewired = zip(edits, old).filter { $0.task.spec.dependencies != $1.spec.dependencies }.map(\.0.task)
        try lockTenants(rewired.map(\.tenant))
        var locked = try lockTasks(edits.map(\.task.id), now: now)
        for (edit, old) in zip(edits, old) { try verify(edit, old, locked[edit.task.id]) }
        let decided = edits.compactMap(\.decided)
        // The runs of the old schedule are made from the old version.
        guard
            try apply(
                decided, to: &locked, displacing: lockOverlapping(decided, now: now)
            ).count == Set(decided.map(\.task)).count
        else {
            throw SchedulerError(.conflict, "fires of the old schedule were decided meanwhile; read the task again")
        }
        try record(missedBy: edits, replacing: old, locked)
        let saved = zip(edits, old).map { edit, old in
            var task = edit.task
            guard let row = locked[task.id] else { return task }
            if task.spec != old.spec { task.version += 1 }
            task.executionCount = row.executionCount
            task.updatedAt = row.now
            task.lastRunAt = row.lastRunAt
            return task
        }
        try replaceDependencies(of: rewired)
        try write(saved)
        try addVersions(of: zip(saved, old).filter { $0.spec != $1.spec }.map(\.0))
        return saved
    }

    private func verify(_ edit: TaskEdit, _ old: TaskDefinition, _ row: LockedTask?) throws {
        let context = ["task.id": "\(edit.task.id)"]
        guard let row, row.tenant == edit.task.tenant, !row.isDeleted else {
            throw SchedulerError(.notFound, "task \(edit.task.id) does not exist", context: context)
        }
        let expected = edit.decided.map { $0.from } ?? old.nextRunAt
        // Another pause than the one that was read leaves other fire times out.
        guard row.version == edit.task.version, row.nextRunAt == expected, row.status == old.status,
            row.pausedAt == old.pausedAt
        else {
            throw SchedulerError(
                .conflict, "task \(edit.task.id) was changed by somebody else; read it again", context: context)
        }
    }

    private func write(_ tasks: [TaskDefinition]) throws {
        guard let first = tasks.first else { return }
        let specs = tasks.map(\.spec)
        try execute(
            TaskSQL.save,
            [
                .int8s(tasks.map(\.id.rawValue)), .texts(specs.map(\.name)), .int4s(tasks.map(\.version)),
                .texts(specs.map(\.taskType)), .int4s(specs.map(\.priority.level)), .int4s(specs.map(\.maxConcurrent)),
                .texts(specs.map(\.concurrencyKey)), .texts(tasks.map(\.status.rawValue)),
                .int8s(specs.map(\.maxExecutions)), .instants(tasks.map(\.nextRunAt)), .instant(first.updatedAt),
                .instants(tasks.map(\.pausedAt)),
            ])
    }

    private func addVersions(of tasks: [TaskDefinition]) throws {
        guard let first = tasks.first else { return }
        try execute(
            TaskSQL.addVersions,
            [
                .int8s(tasks.map(\.id.rawValue)), .int4s(tasks.map(\.version)),
                .jsonbTexts(try tasks.map { try PostgresJSON.encode($0.spec) }), .instant(first.updatedAt),
            ])
    }
}
