/// The statements of `SQLiteTaskRepository`, named after its methods.
enum SQLiteTaskSQL {
    /// The order in which `SQLiteRowReader.task` reads.
    private static let columns = """
        task.id, task.tenant_id, task.version, version.definition, task.status, task.execution_count, task.created_by,
        task.created_at, task.updated_at, task.last_run_at, task.next_run_at, task.paused_at
        """

    private static let source = """
        FROM tasks AS task JOIN task_versions AS version ON version.task_id = task.id AND version.version = task.version
        """

    static let nameIsTaken = """
        SELECT id FROM tasks WHERE tenant_id = ? AND name = ? AND deleted_at IS NULL
        """

    static let create = """
        INSERT INTO tasks (tenant_id, name, max_concurrent, status, created_by, created_at, updated_at, next_run_at,
            paused_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
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
        UPDATE tasks SET name = ?, version = ?, max_concurrent = ?, status = ?, next_run_at = ?, paused_at = ?,
            updated_at = ?
        WHERE id = ?
        """

    static let delete = """
        UPDATE tasks SET deleted_at = ?, status = 'inactive', next_run_at = NULL, paused_at = NULL, updated_at = ?
        WHERE id = ?
        """

    /// Each part has its index.
    static let liveRuns = """
        SELECT id FROM run_live WHERE task_id = ? AND dispatched_at IS NULL
        UNION ALL
        SELECT id FROM run_live WHERE dispatched_at IS NOT NULL AND task_id = ?
        ORDER BY id
        """

    static let versions = "SELECT definition FROM task_versions WHERE task_id = ? AND version = ?"

    static let due = """
        SELECT \(columns) \(source)
        WHERE task.status = 'active' AND task.deleted_at IS NULL AND task.next_run_at <= ?
              AND task.id NOT IN (SELECT value FROM json_each(?))
        ORDER BY task.next_run_at, task.id LIMIT ?
        """

    static let waiting = """
        SELECT count(*) FROM (
            SELECT 1 FROM run_live WHERE task_id = ? AND dispatched_at IS NULL AND trigger_type = 'scheduled' LIMIT 100)
        """

    /// What is dispatched or running, by task; what runs on an offline worker is about to be taken back and hinders
    /// nobody.
    static let active = """
        SELECT run.task_id, count(*) FROM run_live AS run LEFT JOIN workers AS worker ON worker.id = run.worker_id
        WHERE run.dispatched_at IS NOT NULL AND (run.status = 'dispatched' OR worker.status IS NOT 'offline')
        GROUP BY run.task_id
        """

    /// The live runs that count against a task's overlap policy, beyond the latest few.
    static let displaced = """
        SELECT id FROM (
            SELECT id, scheduled_at FROM run_live
            WHERE task_id = ? AND dispatched_at IS NULL AND trigger_type = 'scheduled'
            UNION ALL
            SELECT id, scheduled_at FROM run_live WHERE dispatched_at IS NOT NULL AND task_id = ?)
        ORDER BY scheduled_at DESC, id DESC LIMIT -1 OFFSET ?
        """

    /// Writes a skipped series into the task's latest line where it goes that on.
    static let continueSeries = """
        UPDATE task_fires SET last_scheduled_at = ?, decided_at = ?
        WHERE task_id = ? AND scheduled_at = (SELECT max(scheduled_at) FROM task_fires WHERE task_id = ?)
            AND task_version = ? AND skipped = ? AND coalesce(last_scheduled_at, scheduled_at) < ?
        """

    /// The first fire time after the given number of due ones.
    static let nextFire = """
        SELECT next_run_at FROM tasks WHERE status = 'active' AND deleted_at IS NULL AND next_run_at IS NOT NULL
               AND id NOT IN (SELECT value FROM json_each(?))
        ORDER BY next_run_at, id LIMIT 1 OFFSET ?
        """

    /// By id, for whoever goes through all of them; with the last fire time in the ledger.
    static let upcoming = """
        SELECT \(columns), (
            SELECT coalesce(last_scheduled_at, scheduled_at) FROM task_fires WHERE task_id = task.id
            ORDER BY scheduled_at DESC LIMIT 1)
        \(source)
        WHERE task.status = 'active' AND task.deleted_at IS NULL AND task.next_run_at > ? AND task.id > ?
        ORDER BY task.id LIMIT ?
        """

    static let fire = """
        UPDATE tasks SET next_run_at = ?, status = ?, execution_count = ?, last_run_at = ? WHERE id = ?
        """

    /// A fire time that stands in the ledger already is not decided again; a skipped series that reaches further than
    /// one of its kind takes that along.
    static let recordFire = """
        INSERT INTO task_fires (task_id, scheduled_at, last_scheduled_at, task_version, run_id, skipped, decided_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (task_id, scheduled_at) DO UPDATE
        SET last_scheduled_at = excluded.last_scheduled_at, decided_at = excluded.decided_at
        WHERE skipped = excluded.skipped AND task_version = excluded.task_version
            AND coalesce(last_scheduled_at, scheduled_at) < excluded.last_scheduled_at
        """

    /// Writes what is left of a skipped series whose first fire time stands in another line: from right after that on.
    static let recordRest = """
        INSERT INTO task_fires (task_id, scheduled_at, last_scheduled_at, task_version, skipped, decided_at)
        SELECT task_id, coalesce(last_scheduled_at, scheduled_at) + 1, ?1, ?2, ?3, ?4 FROM task_fires
        WHERE task_id = ?5 AND scheduled_at = ?6 AND coalesce(last_scheduled_at, scheduled_at) < ?1
        ON CONFLICT (task_id, scheduled_at) DO NOTHING
        """

    /// A series that began before the range and reaches into it is among them.
    static let fires = """
        SELECT task_id, task_version, scheduled_at, last_scheduled_at, run_id, skipped, decided_at
        FROM task_fires
        WHERE task_id = ? AND scheduled_at < ? AND scheduled_at >= coalesce((
            SELECT scheduled_at FROM (
                SELECT scheduled_at, last_scheduled_at FROM task_fires WHERE task_id = ? AND scheduled_at < ?
                ORDER BY scheduled_at DESC LIMIT 1)
            WHERE last_scheduled_at >= ?), ?)
        ORDER BY scheduled_at LIMIT ?
        """

    static let count = "UPDATE tasks SET execution_count = ?, last_run_at = ? WHERE id = ?"
}
