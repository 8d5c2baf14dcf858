import SchedulerDomain

/// The statements of picking.
enum SQLitePickSQL {
    private static let columns = """
        SELECT id, attempt, tenant_id, task_id, task_version, task_type, concurrency_key, priority, trigger_type, due_at,
            crashes
        FROM run_live
        """

    static let turns = "SELECT state FROM pick_turns"

    static let saveTurns = "UPDATE pick_turns SET state = ?"

    static let workers = """
        SELECT id, max_concurrent_tasks, task_types, status, executors FROM workers WHERE status <> 'offline'
        """

    /// What counts against the limits; runs on their way have no worker.
    static let underWay = """
        SELECT tenant_id, task_id, task_type, concurrency_key, CASE WHEN status = 'running' THEN worker_id END,
            crashes >= \(RunJudge.suspectLimit), count(*)
        FROM run_live WHERE dispatched_at IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6
        """

    static let nextClass = """
        SELECT tenant_id, task_type, priority FROM run_live
        WHERE dispatched_at IS NULL AND (tenant_id, task_type, priority) > (?, ?, ?)
        ORDER BY tenant_id, task_type, priority LIMIT 1
        """

    static let heads = """
        \(columns) WHERE dispatched_at IS NULL AND tenant_id = ? AND task_type = ? AND priority = ? AND due_at <= ?
        ORDER BY due_at, id LIMIT ?
        """

    static let nextLane = """
        SELECT task_id, priority, task_version, trigger_type FROM run_live
        WHERE dispatched_at IS NULL AND (task_id, priority, task_version, trigger_type) > (?, ?, ?, ?)
        ORDER BY task_id, priority, task_version, trigger_type LIMIT 1
        """

    static let laneHeads = """
        \(columns)
        WHERE dispatched_at IS NULL AND task_id = ? AND priority = ? AND task_version = ? AND trigger_type = ?
            AND due_at <= ?
        ORDER BY due_at, id LIMIT ?
        """

    static let executor = "SELECT definition ->> 'executor' FROM task_versions WHERE task_id = ? AND version = ?"

    static let taskLimits = "SELECT max_concurrent, status FROM tasks WHERE id = ?"

    static let tenantLimits = "SELECT id, max_concurrent FROM tenants WHERE max_concurrent > 0"

    static let nextDue = "SELECT min(due_at) FROM run_live WHERE dispatched_at IS NULL AND due_at > ?"

    static let pick = "UPDATE run_live SET status = 'dispatched', dispatched_at = ?, updated_at = ? WHERE id = ?"

    static let holdersOfTask = """
        SELECT id FROM run_live WHERE dispatched_at IS NOT NULL AND task_id = ? ORDER BY dispatched_at, id LIMIT ?
        """

    static let holdersOfKey = """
        SELECT id FROM run_live WHERE dispatched_at IS NOT NULL AND tenant_id = ? AND concurrency_key = ?
        ORDER BY dispatched_at, id LIMIT ?
        """
}
