import SchedulerDomain

/// The statements about edges between tasks, joins and arrivals.
enum SQLiteWaveSQL {
    static let edges = """
        SELECT upstream_id, condition FROM task_dependencies WHERE task_id = ? ORDER BY upstream_id
        """

    static let dependents = "SELECT task_id FROM task_dependencies WHERE upstream_id = ? ORDER BY task_id"

    static let hasDependents = "SELECT 1 FROM task_dependencies WHERE upstream_id = ? LIMIT 1"

    static let countDependents = "SELECT count(*) FROM task_dependencies WHERE upstream_id = ?"

    static let name = "SELECT name FROM tasks WHERE id = ?"
    static let addEdge = "INSERT INTO task_dependencies (task_id, upstream_id, condition) VALUES (?, ?, ?)"
    static let removeEdges = "DELETE FROM task_dependencies WHERE task_id = ?"

    /// What arrived at joins that are about to be closed, of which nothing will come.
    static let forgetArrivals = """
        DELETE FROM dependency_arrivals
        WHERE child_run IS NULL
              AND (task_id, opened_by) IN (SELECT task_id, opened_by FROM wave_joins WHERE task_id = ?)
        """

    /// Of a task without dependencies, at which nothing arrives any more.
    static let closeJoins = "DELETE FROM wave_joins WHERE task_id = ?"

    static let root = """
        SELECT task_id, trigger_type FROM run_live WHERE id = ?1
        UNION ALL
        SELECT task_id, trigger_type FROM run_history WHERE id = ?1
        """

    /// The runs of a task that dependencies made and that wait.
    static let waiting = """
        SELECT count(*) FROM (
            SELECT 1 FROM run_live WHERE task_id = ? AND dispatched_at IS NULL AND trigger_type = 'dependency'
            LIMIT \(WaveLoad.waitingLimit))
        """

    /// Whether a wave came of a cancelled backfill.
    static let isWithdrawn = """
        SELECT 1 FROM backfill_fires AS fire JOIN backfills AS backfill ON backfill.id = fire.backfill_id
        WHERE fire.run_id = ? AND backfill.cancelled_at IS NOT NULL
        """

    private static let arrival = """
        arrival.upstream_id, arrival.condition, arrival.run_id, arrival.workflow_id, arrival.status, arrival.arrived_at
        """

    /// The open joins of a task, oldest first, one row for each arrival.
    static let joins = """
        SELECT opened_by, waiting.workflow_id, waiting.is_whole, waiting.opened_at, waiting.child_run, \(arrival)
        FROM wave_joins AS waiting JOIN dependency_arrivals AS arrival USING (task_id, opened_by)
        WHERE task_id = ?
        ORDER BY waiting.opened_at, opened_by, arrival.arrived_at, arrival.upstream_id
        """

    static let open = """
        INSERT INTO wave_joins (task_id, opened_by, workflow_id, is_whole, opened_at, child_run)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (task_id, opened_by) DO UPDATE SET child_run = excluded.child_run
        """

    static let close = "DELETE FROM wave_joins WHERE task_id = ? AND opened_by = ?"

    static let arrive = """
        INSERT INTO dependency_arrivals (task_id, opened_by, upstream_id, condition, run_id, workflow_id, status,
            fulfilled, arrived_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    static let decide = """
        UPDATE dependency_arrivals SET child_run = ? WHERE task_id = ? AND opened_by = ? AND child_run IS NULL
        """

    static let skip = """
        INSERT INTO run_history (id, tenant_id, task_id, task_version, task_type, priority, concurrency_key, status,
            trigger_type, triggered_by, scheduled_at, due_at, completed_at, attempt, settled_attempt, failures,
            interruptions, crashes, progress, workflow_id, error_message, created_at, updated_at)
        VALUES (?2, ?3, ?4, ?5, ?6, ?7, ?8, 'skipped', 'dependency', ?9, ?1, ?1, ?1, 0, 0, 0, 0, 0, 0, ?10, ?11, ?1, ?1)
        """

    static let upstreams = """
        SELECT \(arrival), task.name, run.result, run.exit_code
        FROM dependency_arrivals AS arrival JOIN tasks AS task ON task.id = arrival.upstream_id
        LEFT JOIN run_history AS run ON run.id = arrival.run_id
        WHERE arrival.child_run = ? ORDER BY arrival.upstream_id
        """

    static let arrivalsOfWave = """
        SELECT arrival.task_id, arrival.child_run, \(arrival) FROM dependency_arrivals AS arrival
        WHERE arrival.workflow_id = ? ORDER BY arrival.arrived_at, arrival.task_id, arrival.upstream_id LIMIT ?
        """

    /// Those that came from other waves.
    static let arrivalsOfRun = """
        SELECT arrival.task_id, arrival.child_run, \(arrival) FROM dependency_arrivals AS arrival
        WHERE arrival.child_run = ? AND arrival.workflow_id <> ? ORDER BY arrival.upstream_id
        """

    /// The states of all runs and when the last of each ended.
    static let states = """
        SELECT status, NULL FROM run_live WHERE (workflow_id = ?1 OR id = ?1) AND tenant_id = ?2 GROUP BY status
        UNION ALL
        SELECT status, max(completed_at) FROM run_history
        WHERE (workflow_id = ?1 OR id = ?1) AND tenant_id = ?2 GROUP BY status
        """

    static let ofWave = " WHERE workflow_id = ?1 AND tenant_id = ?2 ORDER BY id LIMIT ?3"
}
