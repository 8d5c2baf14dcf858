/// The statements of `SQLiteTaskRepository`, named after its methods.
enum SQLiteTaskSQL {
    /// The order in which `SQLiteRowReader.task` reads.
    private static let columns = """
        task.id, task.tenant_id, task.version, version.definition, task.status, task.execution_count, task.created_by,
        task.created_at, task.updated_at, task.last_run_at, task.next_run_at
        """

    private static let source = """
        FROM tasks AS task JOIN task_versions AS version ON version.task_id = task.id AND version.version = task.version
        """

    static let nameIsTaken = """
        SELECT id FROM tasks WHERE tenant_id = ? AND name = ? AND deleted_at IS NULL
        """

    static let create = """
        INSERT INTO tasks (tenant_id, name, max_concurrent, status, created_by, created_at, updated_at, next_run_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """

    static let createVersion = """
        INSERT INTO task_versions (task_id, version, definition, created_at) VALUES (?, ?, ?, ?)
        """

    static let find = """
        SELECT \(columns) \(source) WHERE task.id = ? AND task.tenant_id = ? AND task.deleted_at IS NULL
        """

    static let findUndeleted = "SELECT \(columns) \(source) WHERE task.id = ? AND task.deleted_at IS NULL"

    /// Followed by what `TaskQueryBuilder` assembles.
    static let list = "SELECT \(columns) \(source)"

    static let save = """
        UPDATE tasks SET name = ?, version = ?, max_concurrent = ?, status = ?, next_run_at = ?, updated_at = ? WHERE id = ?
        """

    static let delete = """
        UPDATE tasks SET deleted_at = ?, next_run_at = NULL, updated_at = ?
        WHERE id = ? AND tenant_id = ? AND deleted_at IS NULL
        """

    static let pendingRuns = "SELECT id FROM run_live WHERE task_id = ? AND dispatched_at IS NULL"

    static let versions = "SELECT definition FROM task_versions WHERE task_id = ? AND version = ?"

    static let due = """
        SELECT \(columns),
            (SELECT count(*) FROM (
                SELECT 1 FROM run_live WHERE task_id = task.id AND dispatched_at IS NULL AND trigger_type = 'scheduled'
                LIMIT 100))
        \(source)
        WHERE task.status = 'active' AND task.deleted_at IS NULL AND task.next_run_at <= ?
        ORDER BY task.next_run_at, task.id LIMIT ?
        """

    /// The first fire time after the given number of due ones.
    static let nextFire = """
        SELECT next_run_at FROM tasks WHERE status = 'active' AND deleted_at IS NULL AND next_run_at IS NOT NULL
        ORDER BY next_run_at, id LIMIT 1 OFFSET ?
        """

    static let fire = """
        UPDATE tasks SET next_run_at = ?, status = ?, execution_count = ?, last_run_at = ? WHERE id = ?
        """

    static let recordFire = """
        INSERT INTO task_fires (task_id, scheduled_at, last_scheduled_at, task_version, run_id, skipped, decided_at)
        VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (task_id, scheduled_at) DO NOTHING
        """

    static let fires = """
        SELECT task_id, task_version, scheduled_at, last_scheduled_at, run_id, skipped, decided_at
        FROM task_fires WHERE task_id = ? AND scheduled_at >= ? AND scheduled_at < ? ORDER BY scheduled_at LIMIT ?
        """

    static let count = "UPDATE tasks SET execution_count = ?, last_run_at = ? WHERE id = ?"
}
