/// The statements of `SQLiteTaskRunRepository`, named after its methods.
enum SQLiteTaskRunSQL {
    private static let shared = """
        id, tenant_id, task_id, task_version, task_type, priority, concurrency_key, overrides, status, trigger_type,
        triggered_by, scheduled_at, due_at, dispatched_at, started_at, attempt, settled_attempt, failures,
        interruptions, crashes, worker_id, cancel_requested_at, progress, workflow_id, trace_context, created_at,
        updated_at
        """

    private static let ended = """
        completed_at, result, exit_code, error_type, error_message, error_stack, memory_peak_mb, cpu_time_ms
        """

    /// Columns in the order in which `SQLiteRowReader.run` reads; a condition follows.
    ///
    /// An unfinished run has no result.
    static let selectLive = "SELECT \(shared), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM run_live"
    static let selectHistory = """
        SELECT \(shared), \(ended) FROM run_history
        """

    static let findLive = selectLive + " WHERE id = ?"
    static let findHistory = selectHistory + " WHERE id = ?"

    static let enqueue = """
        INSERT INTO run_live (id, tenant_id, task_id, task_version, task_type, priority, concurrency_key, overrides,
            status, trigger_type, triggered_by, scheduled_at, due_at, trace_context, workflow_id, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?)
        """

    static let returnUndelivered = """
        UPDATE run_live SET status = 'pending', dispatched_at = NULL, updated_at = ?
        WHERE id = ? AND status = 'dispatched' AND attempt = ?
        """

    static let claim = """
        UPDATE run_live SET status = 'running', attempt = attempt + 1, worker_id = ?, started_at = ?, progress = 0,
            updated_at = ?
        WHERE id = ? AND status = 'dispatched' AND attempt = ?
        """

    static let claimed = """
        SELECT tenant_id, task_id, task_version, overrides, scheduled_at, trigger_type, trace_context FROM run_live
        WHERE id = ? AND status = 'running' AND attempt = ? AND worker_id = ?
        """

    static let worker = "SELECT 1 FROM workers WHERE id = ? AND status <> 'offline'"

    /// What judging a live run needs.
    static let standing = """
        SELECT id, tenant_id, task_id, task_version, status, attempt, settled_attempt, failures, interruptions, crashes,
            cancel_requested_at, due_at, started_at, worker_id, workflow_id, trigger_type
        FROM run_live WHERE id = ?
        """

    static let settleEnd = """
        INSERT INTO run_history (\(shared), \(ended))
        SELECT id, tenant_id, task_id, task_version, task_type, priority, concurrency_key, overrides, ?, trigger_type,
            triggered_by, scheduled_at, due_at, dispatched_at, coalesce(?, started_at), attempt, ?, ?, ?, ?,
            coalesce(?, worker_id), cancel_requested_at, progress, workflow_id, trace_context, created_at, ?, ?, ?, ?,
            ?, ?, ?, ?, ?
        FROM run_live WHERE id = ?
        """

    static let settleDelete = "DELETE FROM run_live WHERE id = ?"

    static let settleReturn = """
        UPDATE run_live SET status = 'pending', due_at = ?, dispatched_at = NULL, started_at = coalesce(?, started_at),
            worker_id = NULL, progress = 0, settled_attempt = ?, failures = ?, interruptions = ?, crashes = ?,
            updated_at = ?
        WHERE id = ?
        """

    static let requestCancel = """
        UPDATE run_live SET cancel_requested_at = coalesce(cancel_requested_at, ?), updated_at = ? WHERE id = ?
        """

    /// A root that became one after it was made, as its task had no dependents then, has no workflow.
    static let workflow = "SELECT id FROM run_live WHERE (workflow_id = ?1 OR id = ?1) AND tenant_id = ?2 ORDER BY id"

    static let forgetAttempt = "DELETE FROM run_attempts WHERE run_id = ? AND attempt = ?"

    static let recordAttempt = """
        INSERT OR REPLACE INTO run_attempts (run_id, attempt, ending, worker_id, started_at, ended_at, exit_code,
            error_type, error_message)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    static let attempts = """
        SELECT run_id, attempt, ending, worker_id, started_at, ended_at, exit_code, error_type, error_message
        FROM run_attempts WHERE run_id = ? ORDER BY attempt
        """

    static let addStats = """
        INSERT INTO run_stats (tenant_id, task_id, hour, status, count, duration_ms) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (tenant_id, task_id, hour, status)
        DO UPDATE SET count = count + excluded.count, duration_ms = duration_ms + excluded.duration_ms
        """
}
