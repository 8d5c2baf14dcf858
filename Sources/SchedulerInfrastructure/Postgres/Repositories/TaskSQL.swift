/// The statements of `PostgreSQLTaskRepository`, named after its methods.
enum TaskSQL {
    static let create = PostgresStatement.write(
        "tasks.create",
        """
        INSERT INTO tasks (tenant_id, name, task_type, priority, max_concurrent, concurrency_key, status,
                           max_executions, created_by, next_run_at, created_at, updated_at, paused_at)
        SELECT tenant_id, name, task_type, priority, max_concurrent, concurrency_key, status, max_executions,
               created_by, next_run_at, coalesce($11, now()), coalesce($11, now()),
               CASE WHEN status = 'paused' THEN coalesce($11, now()) END
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) WITH ORDINALITY
             AS draft (tenant_id, name, task_type, priority, max_concurrent, concurrency_key, status, max_executions,
                       created_by, next_run_at, position)
        ORDER BY position
        RETURNING id, tenant_id, name, created_at
        """)

    static let addVersions = PostgresStatement.write(
        "tasks.addVersions",
        """
        INSERT INTO task_versions (task_id, version, definition, created_at)
        SELECT task_id, version, definition, $4 FROM unnest($1, $2, $3) AS added (task_id, version, definition)
        """)

    static let find = PostgresStatement.read(
        "tasks.find",
        """
        SELECT \(TaskColumns.all) FROM \(TaskColumns.source)
        WHERE task.id = ANY($1) AND task.tenant_id = $2 AND task.deleted_at IS NULL
        """)

    static let versions = PostgresStatement.read(
        "tasks.versions",
        """
        SELECT version.task_id, version.version, version.definition
        FROM unnest($1, $2) AS wanted (task_id, version)
        JOIN task_versions AS version USING (task_id, version)
        """)

    static let save = PostgresStatement.write(
        "tasks.save",
        """
        UPDATE tasks SET name = edit.name, version = edit.version, task_type = edit.task_type,
               priority = edit.priority, max_concurrent = edit.max_concurrent,
               concurrency_key = edit.concurrency_key, status = edit.status, max_executions = edit.max_executions,
               next_run_at = edit.next_run_at, paused_at = edit.paused_at, updated_at = $11
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $12)
             AS edit (id, name, version, task_type, priority, max_concurrent, concurrency_key, status, max_executions,
                      next_run_at, paused_at)
        WHERE tasks.id = edit.id
        """)

    static let delete = PostgresStatement.write(
        "tasks.delete",
        """
        UPDATE tasks SET deleted_at = coalesce($2, now()), updated_at = coalesce($2, now()), status = 'inactive',
               next_run_at = NULL, paused_at = NULL
        WHERE id = ANY($1)
        """)

    /// Ends what has not started, and asks what runs to end; the edges of the tasks are gone, so nothing follows.
    ///
    /// Each half of the condition has its index.
    static let cancelRuns = PostgresStatement.write(
        "tasks.cancelRuns",
        """
        WITH locked AS MATERIALIZED (
            SELECT id, status FROM run_live
            WHERE task_id = ANY($1) AND (dispatched_at IS NULL OR dispatched_at IS NOT NULL)
            ORDER BY id FOR UPDATE
        ), asked AS (
            UPDATE run_live AS run
            SET cancel_requested_at = coalesce(run.cancel_requested_at, $2, now()), updated_at = coalesce($2, now())
            FROM locked WHERE run.id = locked.id AND locked.status = 'running'
        ), gone AS (
            DELETE FROM run_live AS run USING locked
            WHERE run.id = locked.id AND locked.status <> 'running' RETURNING run.*
        ), moved AS (
            INSERT INTO run_history (
                id, tenant_id, task_id, task_version, task_type, priority, concurrency_key, overrides, status,
                trigger_type, triggered_by, scheduled_at, due_at, dispatched_at, started_at, completed_at, attempt,
                settled_attempt, failures, interruptions, crashes, worker_id, cancel_requested_at, progress,
                workflow_id, trace_context, error_message, created_at, updated_at)
            SELECT id, tenant_id, task_id, task_version, task_type, priority, concurrency_key, overrides, 'cancelled',
                   trigger_type, triggered_by, scheduled_at, due_at, dispatched_at, started_at, coalesce($2, now()),
                   attempt, attempt, failures, interruptions, crashes, worker_id,
                   coalesce(cancel_requested_at, $2, now()), progress, workflow_id, trace_context, $3, created_at,
                   coalesce($2, now())
            FROM gone
        )
        INSERT INTO run_stats AS stats (tenant_id, task_id, hour, status, count, duration_ms)
        SELECT tenant_id, task_id, date_trunc('hour', coalesce($2, now()), 'UTC'), 'cancelled', count(*), 0
        FROM gone GROUP BY tenant_id, task_id ORDER BY tenant_id, task_id
        ON CONFLICT (tenant_id, task_id, hour, status) DO UPDATE SET count = stats.count + excluded.count
        """)

    private static let waiting = """
        SELECT count(*) FROM (
            SELECT FROM run_live
            WHERE task_id = task.id AND dispatched_at IS NULL AND trigger_type = 'scheduled' LIMIT 100
        ) AS run
        """

    /// What runs on an offline worker is about to be taken back and hinders nobody.
    private static let active = """
        SELECT count(*) FROM run_live AS run LEFT JOIN workers AS worker ON worker.id = run.worker_id
        WHERE run.task_id = task.id AND run.dispatched_at IS NOT NULL
              AND (run.status = 'dispatched' OR worker.status IS DISTINCT FROM 'offline')
        """

    static let load = PostgresStatement.read(
        "tasks.load", "SELECT (\(waiting)), (\(active)) FROM (VALUES ($1)) AS task (id)")

    /// The store's time and the next fire time after it stand in every row, so they are known where nothing is due.
    ///
    /// One more task than asked for is read, to see when it fires. The time is compared as it stands in the clock, not
    /// with the clock's row, so that the planner sees a range of the index of due tasks and never reads all that are
    /// active.
    static let due = PostgresStatement.read(
        "tasks.due",
        """
        WITH clock AS MATERIALIZED (SELECT coalesce($1, now()) AS now)
        SELECT clock.now,
               (SELECT next_run_at FROM tasks
                WHERE status = 'active' AND deleted_at IS NULL AND next_run_at > coalesce($1, now())
                ORDER BY next_run_at, id LIMIT 1),
               waiting.count, active.count, \(TaskColumns.row)
        FROM clock LEFT JOIN (
            (SELECT * FROM tasks
             WHERE status = 'active' AND deleted_at IS NULL AND next_run_at <= coalesce($1, now())
                   AND id NOT IN (SELECT unnest($3))
             ORDER BY next_run_at, id LIMIT $2 + 1) AS task
            CROSS JOIN LATERAL (\(waiting)) AS waiting
            CROSS JOIN LATERAL (\(active)) AS active
        ) ON true
        ORDER BY task.next_run_at, task.id
        """)

    /// Goes on with the schedule and counts the runs, in one new row version per task.
    static let advance = PostgresStatement.write(
        "tasks.advance",
        """
        UPDATE tasks SET next_run_at = fired.next, status = CASE WHEN fired.ends THEN 'inactive' ELSE status END,
               execution_count = execution_count + fired.runs, last_run_at = greatest(last_run_at, fired.latest)
        FROM unnest($1, $2, $3, $4, $5) AS fired (id, next, ends, runs, latest)
        WHERE tasks.id = fired.id
        """)

    /// Writes skipped series into the latest lines of their tasks where they go those on.
    static let continueSeries = PostgresStatement.write(
        "tasks.continueSeries",
        """
        UPDATE task_fires AS fire SET last_scheduled_at = latest.last, decided_at = $6
        FROM (
            SELECT line.task_id, line.scheduled_at, skip.last
            FROM unnest($1, $2, $3, $4, $5) AS skip (task_id, first, last, version, reason)
            CROSS JOIN LATERAL (
                SELECT * FROM task_fires WHERE task_id = skip.task_id ORDER BY scheduled_at DESC LIMIT 1
            ) AS line
            WHERE line.task_version = skip.version AND line.skipped = skip.reason
                  AND coalesce(line.last_scheduled_at, line.scheduled_at) < skip.first
        ) AS latest
        WHERE fire.task_id = latest.task_id AND fire.scheduled_at = latest.scheduled_at
        RETURNING fire.task_id
        """)

    /// A fire time that stands in the ledger already (the schedule was edited back and forth) is not decided again; a
    /// skipped series that reaches further than one of its kind takes that along.
    static let addFires = PostgresStatement.write(
        "tasks.addFires",
        """
        INSERT INTO task_fires (task_id, scheduled_at, last_scheduled_at, task_version, run_id, skipped, decided_at)
        SELECT task_id, scheduled_at, last_scheduled_at, task_version, run_id, skipped, $7
        FROM unnest($1, $2, $3, $4, $5, $6)
             AS fire (task_id, scheduled_at, last_scheduled_at, task_version, run_id, skipped)
        ON CONFLICT (task_id, scheduled_at) DO UPDATE
        SET last_scheduled_at = excluded.last_scheduled_at, decided_at = excluded.decided_at
        WHERE task_fires.skipped = excluded.skipped AND task_fires.task_version = excluded.task_version
              AND coalesce(task_fires.last_scheduled_at, task_fires.scheduled_at) < excluded.last_scheduled_at
        RETURNING task_id, scheduled_at, run_id
        """)

    /// Writes what is left of skipped series whose first fire time stands in another line: from right after that on.
    static let addRests = PostgresStatement.write(
        "tasks.addRests",
        """
        INSERT INTO task_fires (task_id, scheduled_at, last_scheduled_at, task_version, skipped, decided_at)
        SELECT line.task_id, coalesce(line.last_scheduled_at, line.scheduled_at) + interval '1 microsecond',
               skip.last, skip.version, skip.reason, $6
        FROM unnest($1, $2, $3, $4, $5) AS skip (task_id, first, last, version, reason)
        JOIN task_fires AS line ON line.task_id = skip.task_id AND line.scheduled_at = skip.first
        WHERE coalesce(line.last_scheduled_at, line.scheduled_at) < skip.last
        ON CONFLICT (task_id, scheduled_at) DO NOTHING
        """)

    /// The first part is the series that began before the range and reaches into it.
    static let fires = PostgresStatement.read(
        "tasks.fires",
        """
        SELECT task_version, scheduled_at, last_scheduled_at, run_id, skipped, decided_at FROM (
            (SELECT * FROM (
                SELECT * FROM task_fires WHERE task_id = $1 AND scheduled_at < $2 ORDER BY scheduled_at DESC LIMIT 1
            ) AS before WHERE last_scheduled_at >= $2)
            UNION ALL
            (SELECT * FROM task_fires WHERE task_id = $1 AND scheduled_at >= $2 AND scheduled_at < $3
             ORDER BY scheduled_at LIMIT $4)
        ) AS line
        ORDER BY scheduled_at LIMIT $4
        """)
}
