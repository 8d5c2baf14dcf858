import GRDB
import SchedulerDomain
import SchedulerErrors

/// What the transactions of the task repository do. One writer at a time makes reading, comparing and writing exact.
extension SQLiteTransaction {
    func create(_ draft: TaskDraft) throws -> TaskDefinition {
        try checkName(draft.spec.name, tenant: draft.tenant, except: nil)
        try execute(
            SQLiteTaskSQL.create, draft.tenant.rawValue, draft.spec.name, draft.spec.maxConcurrent,
            draft.status.rawValue, draft.createdBy, now.column, now.column, draft.nextRunAt?.column,
            draft.status == .paused ? now.column : nil)
        let task = TaskDefinition(
            id: TaskID(db.lastInsertedRowID), tenant: draft.tenant, spec: draft.spec, status: draft.status,
            createdBy: draft.createdBy, createdAt: now, updatedAt: now, nextRunAt: draft.nextRunAt,
            pausedAt: draft.status == .paused ? now : nil)
        try createVersion(of: task)
        if !task.spec.dependencies.isEmpty { try replaceDependencies(of: task) }
        return task
    }

    /// The task with its present version; nil for a deleted or foreign one.
    func undeletedTask(_ id: TaskID, tenant: TenantID) throws -> TaskDefinition? {
        try row(SQLiteTaskSQL.find, id.rawValue, tenant.rawValue) { try $0.task() }
    }

    func version(_ id: TaskVersionID) throws -> TaskSpec? {
        try row(SQLiteTaskSQL.versions, id.task.rawValue, id.version) { try $0.value(TaskSpec.self) }
    }

    func save(_ edit: TaskEdit, replacing old: TaskDefinition) throws -> TaskDefinition {
        guard let stored = try undeletedTask(edit.task.id, tenant: edit.task.tenant) else {
            throw SchedulerError(.notFound, "task \(edit.task.id) does not exist")
        }
        let expectedNext = edit.decided.map(\.from) ?? old.nextRunAt
        guard stored.version == old.version, stored.nextRunAt == expectedNext, stored.status == old.status,
            stored.pausedAt == old.pausedAt
        else {
            throw changedMeanwhile(edit.task.id)
        }
        if edit.task.spec.name != stored.spec.name {
            try checkName(edit.task.spec.name, tenant: edit.task.tenant, except: edit.task.id)
        }
        if let decided = edit.decided, try !fire(decided) { throw changedMeanwhile(edit.task.id) }
        if let missed = edit.missed { try record(missed, of: stored, mayContinue: true) }
        // Counters go on from what is stored: runs may have been made since the task was read, or just now.
        guard var task = try undeletedTask(edit.task.id, tenant: edit.task.tenant) else {
            throw changedMeanwhile(edit.task.id)
        }
        task.status = edit.task.status
        task.nextRunAt = edit.task.nextRunAt
        task.pausedAt = edit.task.pausedAt
        task.updatedAt = now
        if edit.task.spec != task.spec {
            let isRewired = edit.task.spec.dependencies != task.spec.dependencies
            task.spec = edit.task.spec
            if isRewired { try replaceDependencies(of: task) }
            task.version += 1
            try createVersion(of: task)
        }
        try execute(
            SQLiteTaskSQL.save, task.spec.name, task.version, task.spec.maxConcurrent, task.status.rawValue,
            task.nextRunAt?.column, task.pausedAt?.column, now.column, task.id.rawValue)
        return task
    }

    /// Deletes tasks that are there, logically, and cancels their runs.
    ///
    /// The edges of all go first, so that the ends of runs bring about nothing at tasks that go with them.
    func delete(_ ids: [TaskID]) throws {
        for id in ids {
            try execute(SQLiteTaskSQL.delete, now.column, now.column, id.rawValue)
            try removeDependencies(of: id)
        }
        for id in ids {
            _ = try cancel(
                rows(SQLiteTaskSQL.liveRuns, id.rawValue, id.rawValue) { try $0.runID() },
                reason: TaskDefinition.deletion)
        }
    }

    private func createVersion(of task: TaskDefinition) throws {
        try execute(
            SQLiteTaskSQL.createVersion, task.id.rawValue, task.version, try SQLiteValue.json(task.spec), now.column)
    }

    private func checkName(_ name: String, tenant: TenantID, except id: TaskID?) throws {
        let owner = try row(SQLiteTaskSQL.nameIsTaken, tenant.rawValue, name) { TaskID(try $0.integer()) }
        guard owner == nil || owner == id else {
            throw SchedulerError(.alreadyExists, "a task named \"\(name)\" exists already")
        }
    }

    private func changedMeanwhile(_ id: TaskID) -> SchedulerError {
        SchedulerError(.conflict, "task \(id) was changed meanwhile; read it again")
    }
}

extension UTCInstant {
    /// What the column of a time holds.
    var column: Int64 { microsecondsSinceEpoch }
}

extension SQLiteRowReader {
    mutating func task() throws -> TaskDefinition {
        TaskDefinition(
            id: TaskID(try integer()), tenant: TenantID(try text()), version: try int(), spec: try value(TaskSpec.self),
            status: try word(), executionCount: try integer(), createdBy: optionalText(), createdAt: try instant(),
            updatedAt: try instant(), lastRunAt: optionalInstant(), nextRunAt: optionalInstant(),
            pausedAt: optionalInstant())
    }
}

extension TaskQueryBuilder {
    /// The values of the placeholders, in order.
    var arguments: StatementArguments {
        StatementArguments(
            parameters.map { parameter -> any DatabaseValueConvertible in
                switch parameter {
                case .text(let value): value
                case .integer(let value): value
                case .run(let id): id.blob
                }
            })
    }
}
