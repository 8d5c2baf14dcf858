import SchedulerDomain

/// The statements of picking, in the order in which a pass executes them.
///
/// Pickers are serialised by an advisory lock taken in a statement of its own, so that the reading statements have
/// snapshots of their own that see what the last picker committed. Every other transition only lowers the counts, so
/// a limit that holds for what is counted inside holds at the commit.
///
/// No statement walks through a backlog: a pass reads the first runs of each class (tenant, type and priority), and
/// where those are held back, the first runs of some lanes (`PickPass`).
enum RunPicking {
    /// The key of the advisory lock of pickers, unique among ours in a database.
    static let lockKey = 7_237_001

    /// Nobody waits: who fails comes again.
    ///
    /// The second column says that a burst is being fired now: many tasks are due, and none for longer than a part of a
    /// second. So dispatchers that do not keep up, or stand by for a leader that is gone, cannot hold picking up.
    static let tryLock = PostgresStatement.read(
        "runs.tryPickLock",
        """
        SELECT pg_try_advisory_xact_lock(\(lockKey)), (
            SELECT count(*) FROM (
                SELECT FROM tasks
                WHERE status = 'active' AND deleted_at IS NULL AND next_run_at <= coalesce($1, now())
                LIMIT \(burst)
            ) AS due
        ) = \(burst) AND NOT EXISTS (
            SELECT FROM tasks
            WHERE status = 'active' AND deleted_at IS NULL AND next_run_at <= coalesce($1, now()) - interval '0.8 s'
        )
        """)
    private static let burst = 250
    /// How soon to look again while a burst is fired.
    static let afterBurst: Duration = .milliseconds(30)
    static let lock = PostgresStatement.read("runs.pickLock", "SELECT pg_advisory_xact_lock(\(lockKey))")

    /// The time, whose turn it is, and the workers that may start or hold runs; one row at least.
    static let situation = PostgresStatement.read(
        "runs.pickSituation",
        """
        SELECT coalesce($1, now()), turns.state, worker.id, worker.max_concurrent_tasks, worker.task_types,
               worker.status IN ('online', 'busy'), worker.executors
        FROM pick_turns AS turns LEFT JOIN workers AS worker ON worker.status <> 'offline'
        """)

    static let underWay = PostgresStatement.read(
        "runs.pickUnderWay",
        """
        SELECT tenant_id, task_id, task_type, concurrency_key, CASE WHEN status = 'running' THEN worker_id END,
               crashes >= \(RunJudge.suspectLimit), count(*)
        FROM run_live WHERE dispatched_at IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6
        """)

    /// The classes that have a pending run, each found by one step in their index.
    private static let classes = """
        class AS (
            (SELECT tenant_id, task_type, priority FROM run_live
             WHERE dispatched_at IS NULL ORDER BY tenant_id, task_type, priority LIMIT 1)
            UNION ALL
            SELECT next.tenant_id, next.task_type, next.priority FROM class CROSS JOIN LATERAL (
                SELECT tenant_id, task_type, priority FROM run_live
                WHERE dispatched_at IS NULL
                      AND (tenant_id, task_type, priority) > (class.tenant_id, class.task_type, class.priority)
                ORDER BY tenant_id, task_type, priority LIMIT 1
            ) AS next
        )
        """

    private static let headsOfWanted = """
        SELECT run.id, run.attempt, wanted.tenant_id, run.task_id, run.task_version, wanted.task_type, run.concurrency_key,
               wanted.priority, run.trigger_type, run.due_at, run.crashes, wanted.size
        FROM wanted CROSS JOIN LATERAL (
            SELECT id, attempt, task_id, task_version, concurrency_key, trigger_type, due_at, crashes FROM run_live
            WHERE dispatched_at IS NULL AND tenant_id = wanted.tenant_id AND task_type = wanted.task_type
                  AND priority = wanted.priority AND due_at <= $1
            ORDER BY due_at, id LIMIT wanted.size
        ) AS run
        """

    /// The first due runs of each class; fewer where there are many classes, so that they are four times $2 in total.
    ///
    /// $1 is the time, $2 the most of a class, $3 the types. The last column is how many were asked for.
    static let heads = PostgresStatement.read(
        "runs.pickHeads",
        """
        WITH RECURSIVE \(classes), wanted AS MATERIALIZED (
            SELECT *, least($2, greatest(1, 4 * $2 / count(*) OVER ())) AS size FROM class WHERE task_type = ANY($3)
        )
        \(headsOfWanted)
        """)

    /// The first due runs of some classes; $1 is the time, $2 the most of a class, $3 to $5 are the classes.
    static let headsOfClasses = PostgresStatement.read(
        "runs.pickHeadsOfClasses",
        """
        WITH wanted AS MATERIALIZED (
            SELECT tenant_id, task_type, priority, $2 AS size
            FROM unnest($3, $4, $5) AS class (tenant_id, task_type, priority)
        )
        \(headsOfWanted)
        """)

    /// The executors that versions of tasks ask for.
    static let executors = PostgresStatement.read(
        "runs.pickExecutors",
        """
        SELECT known.task_id, known.version, known.definition ->> 'executor'
        FROM unnest($1, $2) AS wanted (task_id, version) JOIN task_versions AS known USING (task_id, version)
        """)

    /// The limits of tasks, and of the tenants that have one.
    static let limits = PostgresStatement.read(
        "runs.pickLimits",
        """
        SELECT id, NULL, max_concurrent, status = 'paused' FROM tasks WHERE id = ANY($1)
        UNION ALL
        SELECT NULL, id, max_concurrent, false FROM tenants WHERE max_concurrent > 0
        """)

    /// The next lanes after the given one, and some named ones, each with its first due runs; a lane without any is a
    /// row too.
    ///
    /// $1 is the time, $2 the most of a lane, $3 the types, $4 tasks of which none may start, $5 to $8 the lane, $9 the
    /// most lanes, $10 to $13 the named ones. The first column counts the lanes and is 0 for a named one.
    static let lanes = PostgresStatement.read(
        "runs.pickLanes",
        """
        WITH RECURSIVE lane AS (
            (SELECT task_id, priority, task_version, trigger_type, 1 AS place FROM run_live
             WHERE dispatched_at IS NULL AND (task_id, priority, task_version, trigger_type) > ($5, $6, $7, $8)
             ORDER BY task_id, priority, task_version, trigger_type LIMIT 1)
            UNION ALL
            SELECT next.task_id, next.priority, next.task_version, next.trigger_type, lane.place + 1
            FROM lane CROSS JOIN LATERAL (
                SELECT task_id, priority, task_version, trigger_type FROM run_live
                WHERE dispatched_at IS NULL
                      AND (task_id, priority, task_version, trigger_type)
                          > (lane.task_id, lane.priority, lane.task_version, lane.trigger_type)
                ORDER BY task_id, priority, task_version, trigger_type LIMIT 1
            ) AS next
            WHERE lane.place < $9
        ), sized AS MATERIALIZED (
            SELECT *, CASE WHEN task_id = ANY($4) THEN 0 ELSE least($2, greatest(1, 4 * $2 / count(*) OVER ())) END
                   AS size
            FROM (
                SELECT * FROM lane
                UNION ALL
                SELECT task_id, priority, task_version, trigger_type, 0
                FROM unnest($10, $11, $12, $13) AS named (task_id, priority, task_version, trigger_type)
            ) AS lane
        )
        SELECT sized.place, sized.size, sized.task_id, sized.priority, sized.task_version, sized.trigger_type,
               run.id, run.attempt, run.tenant_id, run.task_type, run.concurrency_key, run.due_at, run.crashes
        FROM sized LEFT JOIN LATERAL (
            SELECT id, attempt, tenant_id, task_type, concurrency_key, due_at, crashes FROM run_live
            WHERE dispatched_at IS NULL AND task_id = sized.task_id AND priority = sized.priority
                  AND task_version = sized.task_version AND trigger_type = sized.trigger_type AND due_at <= $1
            ORDER BY due_at, id LIMIT sized.size
        ) AS run ON run.task_type = ANY($3)
        ORDER BY sized.place, run.due_at, run.id
        """)

    static let nextDue = PostgresStatement.read(
        "runs.pickNextDue",
        """
        WITH RECURSIVE \(classes)
        SELECT min(run.due_at) FROM class CROSS JOIN LATERAL (
            SELECT due_at FROM run_live
            WHERE dispatched_at IS NULL AND tenant_id = class.tenant_id AND task_type = class.task_type
                  AND priority = class.priority AND due_at > $1
            ORDER BY due_at LIMIT 1
        ) AS run
        """)

    /// Rows are locked by `status`, not `dispatched_at`, lest the planner reads a whole index for it; SKIP LOCKED keeps
    /// a pick from waiting for whoever ends a run meanwhile.
    ///
    /// $1 is the time, $2 the runs, $3 whose turn it is afterwards.
    private static let locked = """
        turn AS (
            UPDATE pick_turns SET state = $3
        ), locked AS MATERIALIZED (
            SELECT id FROM run_live WHERE id = ANY($2) AND status = 'pending' ORDER BY id FOR UPDATE SKIP LOCKED
        )
        """

    static let pick = PostgresStatement.write(
        "runs.pick",
        """
        WITH \(locked)
        UPDATE run_live AS run SET status = 'dispatched', dispatched_at = $1, updated_at = $1
        WHERE run.id = ANY(ARRAY(SELECT id FROM locked))
        RETURNING run.id
        """)

    /// $4 is the worker.
    static let pickAndClaim = PostgresStatement.write(
        "runs.pickAndClaim",
        """
        WITH \(locked), claimed AS (
            UPDATE run_live AS run
            SET status = 'running', dispatched_at = $1, started_at = $1, updated_at = $1,
                attempt = run.attempt + 1, worker_id = $4, progress = 0
            WHERE run.id = ANY(ARRAY(SELECT id FROM locked))
            RETURNING run.*
        )
        SELECT \(ClaimColumns.all) FROM claimed
        """)

    /// Some of the runs that count against the limits of a task, or of a key.
    static let holders = PostgresStatement.read(
        "runs.holders",
        """
        (SELECT true, id FROM run_live WHERE dispatched_at IS NOT NULL AND task_id = $1
         ORDER BY dispatched_at, id LIMIT $4)
        UNION ALL
        (SELECT false, id FROM run_live
         WHERE dispatched_at IS NOT NULL AND tenant_id = $2 AND concurrency_key = $3
         ORDER BY dispatched_at, id LIMIT $4)
        """)
}

/// The columns that a worker gets with a claim.
enum ClaimColumns {
    static let all =
        "id, attempt, tenant_id, task_id, task_version, overrides, scheduled_at, trigger_type, trace_context"
}
