public import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

/// Tasks, versions and the ledger in SQLite.
public final class SQLiteTaskRepository: TaskRepository {
    private let database: SQLiteDatabase

    init(_ database: SQLiteDatabase) { self.database = database }

    public func create(_ drafts: [TaskDraft]) async throws -> [TaskDefinition] {
        try await database.write("create") { transaction in try drafts.map { try transaction.create($0) } }
    }

    public func find(_ ids: [TaskID], tenant: TenantID) async throws -> [TaskDefinition] {
        try await database.read("find") { transaction in
            try Set(ids).compactMap { try transaction.undeletedTask($0, tenant: tenant) }
        }
    }

    public func list(_ query: TaskQuery) async throws -> Page<TaskDefinition> {
        var builder = TaskQueryBuilder()
        builder.filter("task.tenant_id", .equal, .text(query.tenant.rawValue))
        builder.filter("task.deleted_at IS NULL")
        builder.filter("task.status", .equal, query.status.map { .text($0.rawValue) })
        builder.filter("task.id", .less, query.before.map { .integer($0.rawValue) })
        builder.page(descendingBy: "task.id", limit: query.limit)
        return try await database.read("list") { [builder] transaction in
            let rows = try transaction.rows(SQLiteTaskSQL.list + builder.text, builder.arguments) { try $0.task() }
            return Page(rows: rows, limit: query.limit)
        }
    }

    public func save(_ edits: [TaskEdit], replacing old: [TaskDefinition]) async throws -> [TaskDefinition] {
        precondition(edits.count == old.count, "each edit replaces one task")
        return try await database.write("save") { transaction in
            try zip(edits, old).map { try transaction.save($0, replacing: $1) }
        }
    }

    public func delete(_ ids: [TaskID], tenant: TenantID, cascading: Bool) async throws -> [TaskID] {
        try await database.write("delete") { transaction in
            var found = try Set(ids).filter { try transaction.undeletedTask($0, tenant: tenant) != nil }.sorted()
            if cascading { found = try transaction.withDependents(found).sorted() }
            try transaction.checkNoDependents(of: found)
            try transaction.delete(found)
            return found
        }
    }

    public func versions(_ ids: [TaskVersionID]) async throws -> [TaskVersionID: TaskSpec] {
        try await database.read("versions") { transaction in
            var specs: [TaskVersionID: TaskSpec] = [:]
            for id in Set(ids) { specs[id] = try transaction.version(id) }
            return specs
        }
    }

    public func due(limit: Int, except excluded: Set<TaskID>) async throws -> DueTasks {
        try await database.read("due") { try $0.due(limit: limit, except: excluded) }
    }

    public func load(of task: TaskID) async throws -> TaskLoad {
        try await database.read("load") { try $0.load(of: task) }
    }

    /// With one writer nobody else ever holds a task, so `waits` changes nothing.
    public func fire(_ decisions: [FireDecision], waits: Bool) async throws -> Set<TaskID> {
        try await database.write("fire") { transaction in
            let won = Set(try decisions.filter { try transaction.fire($0) }.map(\.task))
            try FailPoint.hit(.fireBeforeCommit)
            return won
        }
    }

    public func fires(of task: TaskID, in range: Range<UTCInstant>, limit: Int) async throws -> [FireRecord] {
        try await database.read("fires") { try $0.fires(of: task, in: range, limit: limit) }
    }
}
