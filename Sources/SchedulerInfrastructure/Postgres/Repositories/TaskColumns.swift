import SchedulerDomain

/// The columns of a task with its current spec.
enum TaskColumns {
    static let all = """
        task.id, task.tenant_id, task.version, task.status, task.execution_count, task.created_by, task.created_at,
        task.updated_at, task.last_run_at, task.next_run_at, task.paused_at, version.definition
        """

    static let source = """
        tasks AS task
        JOIN task_versions AS version ON version.task_id = task.id AND version.version = task.version
        """
}

extension PostgresRowReader {
    /// Reads `TaskColumns.all`.
    mutating func taskDefinition() throws -> TaskDefinition {
        let id = TaskID(try int64())
        let tenant = TenantID(try text())
        let version = try int()
        let status: TaskStatus = try value()
        let executions = try int64()
        let author = optionalText()
        let created = try instant()
        let updated = try instant()
        let lastRun = try optionalInstant()
        let nextRun = try optionalInstant()
        let paused = try optionalInstant()
        return TaskDefinition(
            id: id, tenant: tenant, version: version, spec: try taskSpec(), status: status,
            executionCount: executions, createdBy: author, createdAt: created, updatedAt: updated,
            lastRunAt: lastRun, nextRunAt: nextRun, pausedAt: paused)
    }

    mutating func taskSpec() throws -> TaskSpec {
        try PostgresJSON.decode(TaskSpec.self, try optionalJSONText() ?? "null")
    }
}
