import SchedulerDomain

/// The columns of a task with its current spec.
enum TaskColumns {
    static let all = "\(row), version.definition"

    /// Without the spec.
    static let row = """
        task.id, task.tenant_id, task.version, task.status, task.execution_count, task.created_by, task.created_at,
        task.updated_at, task.last_run_at, task.next_run_at, task.paused_at
        """

    static let source = """
        tasks AS task
        JOIN task_versions AS version ON version.task_id = task.id AND version.version = task.version
        """
}

/// A task without its spec, which is that of its version.
struct TaskRow {
    let id: TaskID
    let tenant: TenantID
    let version: Int
    let status: TaskStatus
    let executionCount: Int64
    let createdBy: String?
    let createdAt: UTCInstant
    let updatedAt: UTCInstant
    let lastRunAt: UTCInstant?
    let nextRunAt: UTCInstant?
    let pausedAt: UTCInstant?

    var versionID: TaskVersionID { TaskVersionID(task: id, version: version) }

    func task(_ spec: TaskSpec) -> TaskDefinition {
        TaskDefinition(
            id: id, tenant: tenant, version: version, spec: spec, status: status, executionCount: executionCount,
            createdBy: createdBy, createdAt: createdAt, updatedAt: updatedAt, lastRunAt: lastRunAt,
            nextRunAt: nextRunAt, pausedAt: pausedAt)
    }
}

extension PostgresRowReader {
    /// Reads `TaskColumns.all`.
    mutating func taskDefinition() throws -> TaskDefinition { try taskRow().task(taskSpec()) }

    /// Reads `TaskColumns.row`.
    mutating func taskRow() throws -> TaskRow {
        TaskRow(
            id: TaskID(try int64()), tenant: TenantID(try text()), version: try int(), status: try value(),
            executionCount: try int64(), createdBy: optionalText(), createdAt: try instant(),
            updatedAt: try instant(), lastRunAt: try optionalInstant(), nextRunAt: try optionalInstant(),
            pausedAt: try optionalInstant())
    }

    mutating func taskSpec() throws -> TaskSpec { try TaskSpec(json: optionalJSONText() ?? "null") }
}

extension TaskSpec {
    /// Reads the definition of a version.
    init(json: String) throws { self = try PostgresJSON.decode(TaskSpec.self, json) }
}
