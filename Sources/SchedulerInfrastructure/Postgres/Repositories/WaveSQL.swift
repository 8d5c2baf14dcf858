import SchedulerDomain

/// The statements about joins and arrivals.
enum WaveSQL {
    /// The dependents of tasks that ended, and of those that will be skipped for it: the rows to lock, all at once.
    ///
    /// `spreads` tells where a skip is foreseen: an edge that is not fulfilled, a task that takes no runs. For a batch
    /// of tasks without dependents it is one look into an index.
    static let reach = PostgresStatement.read(
        "waves.reach",
        """
        WITH RECURSIVE reached AS (
            SELECT edge.task_id,
                   task.status NOT IN ('active', 'paused') OR task.execution_count >= task.max_executions
                   OR NOT CASE edge.condition WHEN 'on_success' THEN ended.success WHEN 'on_failure' THEN ended.failure
                          ELSE ended.completion END AS spreads
            FROM unnest($1, $2, $3, $4) AS ended (task_id, success, failure, completion)
            JOIN task_dependencies AS edge ON edge.upstream_id = ended.task_id
            JOIN tasks AS task ON task.id = edge.task_id
            UNION
            SELECT edge.task_id, true
            FROM reached JOIN task_dependencies AS edge ON edge.upstream_id = reached.task_id
            WHERE reached.spreads
        )
        SELECT task_id, coalesce(bool_or(spreads), false) FROM reached GROUP BY task_id ORDER BY task_id
        """)

    static let roots = PostgresStatement.read(
        "waves.roots",
        """
        SELECT id, task_id, trigger_type FROM run_live WHERE id = ANY($1)
        UNION ALL
        SELECT id, task_id, trigger_type FROM run_history WHERE id = ANY($1) AND id >= $2 AND id <= $3
        """)

    /// What the overlap policies of tasks look at; only `skip` asks for more than what waits.
    static let loads = PostgresStatement.read(
        "waves.loads",
        """
        SELECT task.id, coalesce(version.definition ->> 'overlap_policy', 'queue'), task.max_concurrent,
               (SELECT count(*) FROM (
                    SELECT FROM run_live
                    WHERE task_id = task.id AND dispatched_at IS NULL AND trigger_type = 'dependency'
                    LIMIT \(WaveLoad.waitingLimit)
                ) AS run),
               CASE version.definition ->> 'overlap_policy' WHEN 'skip' THEN
                   (SELECT count(*) FROM run_live AS run LEFT JOIN workers AS worker ON worker.id = run.worker_id
                    WHERE run.task_id = task.id AND run.dispatched_at IS NOT NULL
                          AND (run.status = 'dispatched' OR worker.status IS DISTINCT FROM 'offline'))
                   + (SELECT count(*) FROM run_live
                      WHERE task_id = task.id AND dispatched_at IS NULL AND trigger_type = 'scheduled')
               ELSE 0 END
        FROM \(TaskColumns.source) WHERE task.id = ANY($1)
        """)

    /// Which of the waves came of backfills, and whether those are cancelled.
    ///
    /// Shared, so that a backfill is not marked as cancelled between this look and the runs that follow from it.
    static let backfilled = PostgresStatement.write(
        "waves.backfilled",
        """
        SELECT fire.run_id, backfill.cancelled_at IS NOT NULL
        FROM backfill_fires AS fire JOIN backfills AS backfill ON backfill.id = fire.backfill_id
        WHERE fire.run_id = ANY($1) ORDER BY backfill.id FOR SHARE OF backfill
        """)

    /// The open joins of tasks, each task's oldest first, one row for each arrival.
    static let joins = PostgresStatement.read(
        "waves.joins",
        """
        SELECT task_id, opened_by, waiting.workflow_id, waiting.is_whole, waiting.opened_at, waiting.child_run,
               \(WaveColumns.arrival)
        FROM wave_joins AS waiting JOIN dependency_arrivals AS arrival USING (task_id, opened_by)
        WHERE task_id = ANY($1)
        ORDER BY task_id, waiting.opened_at, opened_by, arrival.arrived_at, arrival.upstream_id
        """)

    static let open = PostgresStatement.write(
        "waves.open",
        """
        INSERT INTO wave_joins (task_id, opened_by, workflow_id, is_whole, opened_at, child_run)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
        ON CONFLICT (task_id, opened_by) DO UPDATE SET child_run = excluded.child_run
        """)

    static let close = PostgresStatement.write(
        "waves.close",
        """
        DELETE FROM wave_joins USING unnest($1, $2) AS closed (task_id, opened_by)
        WHERE wave_joins.task_id = closed.task_id AND wave_joins.opened_by = closed.opened_by
        """)

    static let arrive = PostgresStatement.write(
        "waves.arrive",
        """
        INSERT INTO dependency_arrivals (task_id, opened_by, upstream_id, condition, run_id, workflow_id, status,
                                         fulfilled, arrived_at)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """)

    static let decide = PostgresStatement.write(
        "waves.decide",
        """
        UPDATE dependency_arrivals AS arrival SET child_run = decided.child_run
        FROM unnest($1, $2, $3) AS decided (task_id, opened_by, child_run)
        WHERE arrival.task_id = decided.task_id AND arrival.opened_by = decided.opened_by AND arrival.child_run IS NULL
        """)

    static let skip = PostgresStatement.write(
        "waves.skip",
        """
        INSERT INTO run_history (
            id, tenant_id, task_id, task_version, task_type, priority, concurrency_key, status, trigger_type,
            triggered_by, scheduled_at, due_at, completed_at, attempt, settled_attempt, failures, interruptions,
            crashes, progress, workflow_id, error_message, created_at, updated_at)
        SELECT id, tenant_id, task_id, task_version, task_type, priority, concurrency_key, 'skipped', 'dependency',
               triggered_by, $11, $11, $11, 0, 0, 0, 0, 0, 0, workflow_id, reason, $11, $11
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             AS run (id, tenant_id, task_id, task_version, task_type, priority, concurrency_key, triggered_by,
                     workflow_id, reason)
        """)

    /// Counts skipped runs; nobody else touches these rows while their tasks are locked.
    static let countSkipped = PostgresStatement.write(
        "waves.countSkipped",
        """
        INSERT INTO run_stats AS stats (tenant_id, task_id, hour, status, count, duration_ms)
        SELECT tenant_id, task_id, date_trunc('hour', $3, 'UTC'), 'skipped', count(*), 0
        FROM unnest($1, $2) AS run (tenant_id, task_id)
        GROUP BY tenant_id, task_id ORDER BY tenant_id, task_id
        ON CONFLICT (tenant_id, task_id, hour, status) DO UPDATE SET count = stats.count + excluded.count
        """)

    /// The arrivals that led to a run.
    static let upstreams = PostgresStatement.read(
        "waves.upstreams",
        """
        SELECT \(WaveColumns.arrival), task.name
        FROM dependency_arrivals AS arrival JOIN tasks AS task ON task.id = arrival.upstream_id
        WHERE arrival.child_run = $1 ORDER BY arrival.upstream_id
        """)

    static let runs = PostgresStatement.read(
        "waves.runs",
        """
        SELECT * FROM (
            SELECT \(RunColumns.live) FROM run_live WHERE workflow_id = $1
            UNION ALL
            SELECT \(RunColumns.history) FROM run_history WHERE workflow_id = $1
            UNION ALL
            SELECT \(RunColumns.live) FROM run_live WHERE id = $1 AND workflow_id IS DISTINCT FROM $1
            UNION ALL
            SELECT \(RunColumns.history) FROM run_history WHERE id = $1 AND workflow_id IS DISTINCT FROM $1
        ) AS run
        WHERE tenant_id = $2 ORDER BY id LIMIT $3
        """)

    /// The states of all runs and when the last of each ended.
    static let states = PostgresStatement.read(
        "waves.states",
        """
        SELECT status, NULL::timestamptz FROM run_live
        WHERE (workflow_id = $1 OR id = $1) AND tenant_id = $2 GROUP BY status
        UNION ALL
        SELECT status, max(completed_at) FROM run_history
        WHERE (workflow_id = $1 OR id = $1) AND tenant_id = $2 GROUP BY status
        """)

    static let edges = PostgresStatement.read(
        "waves.edges",
        """
        SELECT arrival.task_id, arrival.child_run, \(WaveColumns.arrival) FROM dependency_arrivals AS arrival
        WHERE arrival.workflow_id = $1 OR arrival.child_run = ANY($2)
        ORDER BY arrival.arrived_at, arrival.task_id, arrival.upstream_id LIMIT $3
        """)
}

/// The columns of an arrival.
enum WaveColumns {
    static let arrival = """
        arrival.upstream_id, arrival.condition, arrival.run_id, arrival.workflow_id, arrival.status, arrival.arrived_at
        """
}

extension PostgresRowReader {
    /// Reads `WaveColumns.arrival`.
    mutating func arrival() throws -> DependencyArrival {
        DependencyArrival(
            upstream: TaskID(try int64()), condition: try value(), run: RunID(bits: try uuid()),
            wave: RunID(bits: try uuid()), status: try value(), arrivedAt: try instant())
    }
}
