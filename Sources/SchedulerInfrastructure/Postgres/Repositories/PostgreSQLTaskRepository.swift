public import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

/// Definitions, versions and the ledger of fires in PostgreSQL.
public struct PostgreSQLTaskRepository: TaskRepository {
    let context: PostgresContext

    public func create(_ drafts: [TaskDraft]) async throws -> [TaskDefinition] {
        guard !drafts.isEmpty else { return [] }
        let now = context.now
        return try await context.pool.transaction("create tasks") { session in
            try session.createTasks(drafts, now: now)
        }
    }

    public func find(_ ids: [TaskID], tenant: TenantID) async throws -> [TaskDefinition] {
        try await context.pool.withSession("find tasks") { session in
            try session.execute(TaskSQL.find, [.int8s(ids.map(\.rawValue)), .text(tenant.rawValue)])
                .map { try $0.taskDefinition() }
        }
    }

    public func list(_ query: TaskQuery) async throws -> Page<TaskDefinition> {
        var builder = TaskQueryBuilder()
        builder.filter("task.deleted_at IS NULL")
        builder.filter("task.tenant_id", .equal, .text(query.tenant.rawValue))
        builder.filter("task.status", .equal, query.status.map { .text($0.rawValue) })
        builder.filter("task.id", .less, query.before.map { .integer($0.rawValue) })
        builder.page(descendingBy: "task.id", limit: query.limit)
        let statement = PostgresStatement.list("SELECT \(TaskColumns.all) FROM \(TaskColumns.source)\(builder.text)")
        let parameters = builder.parameters.map(\.postgres)
        return try await context.pool.withSession("list tasks") { session in
            Page(rows: try session.execute(statement, parameters).map { try $0.taskDefinition() }, limit: query.limit)
        }
    }

    public func save(_ edits: [TaskEdit], replacing old: [TaskDefinition]) async throws -> [TaskDefinition] {
        precondition(edits.count == old.count, "every edit names the task that it replaces")
        guard !edits.isEmpty else { return [] }
        let now = context.now
        return try await context.pool.transaction("save tasks") { session in
            try session.saveTasks(edits, replacing: old, now: now)
        }
    }

    public func delete(_ ids: [TaskID], tenant: TenantID, cascading: Bool) async throws -> [TaskID] {
        let now = context.now
        return try await context.pool.transaction("delete tasks") { session in
            try session.lockTenants([tenant])
            let all = cascading ? try session.withDependents(session.known(ids, tenant: tenant)).sorted() : ids
            let locked = try session.lockTasks(all, now: now)
            let present = all.filter { locked[$0].map { $0.tenant == tenant && !$0.isDeleted } ?? false }
            guard !present.isEmpty else { return [] }
            try session.checkNoDependents(of: present)
            try session.removeDependencies(of: present)
            let rows = PostgresParameter.int8s(present.map(\.rawValue))
            try session.execute(TaskSQL.delete, [rows, now])
            try session.execute(TaskSQL.cancelRuns, [rows, now, .text(TaskDefinition.deletion)])
            return present
        }
    }

    public func versions(_ ids: [TaskVersionID]) async throws -> [TaskVersionID: TaskSpec] {
        try await context.pool.withSession("find versions") { session in try session.specs(of: ids, context.specs) }
    }

    public func due(limit: Int, except excluded: Set<TaskID>) async throws -> DueTasks {
        let now = context.now
        let excluded = PostgresParameter.int8s(excluded.map(\.rawValue))
        return try await context.pool.withSession("find due tasks") { session in
            let rows = try session.execute(TaskSQL.due, [now, .int8(Int64(limit)), excluded])
            guard let clock = try rows.first({ (try $0.instant(), try $0.optionalInstant()) }) else {
                throw SchedulerError(.internal, "the store did not tell its time")
            }
            let found = try rows.map { row -> (load: TaskLoad, task: TaskRow)? in
                _ = (try row.instant(), try row.optionalInstant())
                guard let waiting = try row.optionalInt() else { return nil }
                return (TaskLoad(waiting: waiting, active: try row.int()), try row.taskRow())
            }.compactMap { $0 }
            let specs = try session.specs(of: found.prefix(limit).map(\.task.versionID), context.specs)
            let entries = found.prefix(limit).compactMap { load, row in
                specs[row.versionID].map { DueTasks.Entry(task: row.task($0), load: load) }
            }
            // One more was read than asked for: it is the next to fire.
            let next = found.count > limit ? found[limit].task.nextRunAt : clock.1
            return DueTasks(now: clock.0, entries: entries, nextFireAt: next)
        }
    }

    public func load(of task: TaskID) async throws -> TaskLoad {
        try await context.pool.withSession("count live runs") { session in
            try session.execute(TaskSQL.load, [.int8(task.rawValue)])
                .first { TaskLoad(waiting: try $0.int(), active: try $0.int()) } ?? .none
        }
    }

    public func fire(_ decisions: [FireDecision], waits: Bool) async throws -> Set<TaskID> {
        guard !decisions.isEmpty else { return [] }
        let now = context.now
        return try await context.pool.transaction("fire") { session in
            // Runs before tasks, as the ends of runs lock them.
            let overlapping = try session.lockOverlapping(decisions, now: now)
            let ids = decisions.map(\.task)
            var tasks = waits ? try session.lockTasks(ids, now: now) : try session.lockFreeTasks(ids, now: now)
            let won = try session.apply(decisions, to: &tasks, displacing: overlapping)
            try FailPoint.hit(.fireBeforeCommit)
            return won
        }
    }

    public func fires(of task: TaskID, in range: Range<UTCInstant>, limit: Int) async throws -> [FireRecord] {
        try await context.pool.withSession("list fires") { session in
            try session.execute(
                TaskSQL.fires,
                [
                    .int8(task.rawValue), .instant(range.lowerBound), .instant(range.upperBound), .int8(Int64(limit)),
                ]
            ).map { row in
                FireRecord(
                    task: task, version: try row.int(), scheduledAt: try row.instant(),
                    lastScheduledAt: try row.optionalInstant(), run: try row.optionalUUID().map(RunID.init),
                    skipped: try row.optionalValue(), decidedAt: try row.instant())
            }
        }
    }
}

extension TaskQueryBuilder.Parameter {
    /// The value as PostgreSQL takes it.
    var postgres: PostgresParameter {
        switch self {
        case .text(let value): .text(value)
        case .integer(let value): .int8(value)
        case .run(let id): .uuid(id.bits)
        }
    }
}
