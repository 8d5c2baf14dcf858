/// The statements that choose among pending runs; shared by `pick` and `pickAndClaim`.
///
/// Pickers are serialised by an advisory lock taken in a statement of its own, so that the choosing statement has a
/// snapshot of its own that sees what the last picker committed. Every other transition only lowers the counts, so
/// what is counted inside is exact.
enum RunPicking {
    /// The key of the advisory lock of pickers, unique among ours in a database.
    static let lockKey = 7_237_001

    /// Nobody waits: who fails comes again.
    static let tryLock = PostgresStatement.read("runs.tryPickLock", "SELECT pg_try_advisory_xact_lock(\(lockKey))")
    static let lock = PostgresStatement.read("runs.pickLock", "SELECT pg_advisory_xact_lock(\(lockKey))")

    /// The slots of live workers that are not taken: by type, and of all.
    ///
    /// A run counts while it is dispatched, and while it runs on a worker that takes more; what a leaving worker still
    /// runs takes no slot of the others.
    private static let liveSlots = """
        capacity AS MATERIALIZED (
            SELECT types.task_type,
                   sum(worker.max_concurrent_tasks)
                   - coalesce((SELECT sum(slots) FROM active WHERE active.task_type = types.task_type), 0) AS free
            FROM workers AS worker CROSS JOIN LATERAL unnest(worker.task_types) AS types (task_type)
            WHERE worker.status IN ('online', 'busy')
            GROUP BY types.task_type
        ), slots AS MATERIALIZED (
            SELECT least($2, coalesce(sum(max_concurrent_tasks), 0)
                             - coalesce((SELECT sum(slots) FROM active), 0))::bigint AS free
            FROM workers WHERE status IN ('online', 'busy')
        )
        """

    /// The slots that one worker asks for.
    private static let ownSlots = """
        capacity AS MATERIALIZED (SELECT task_type, $2::bigint AS free FROM unnest($3::text[]) AS types (task_type)),
        slots AS MATERIALIZED (SELECT $2::bigint AS free)
        """

    /// From the clock to `locked`, the chosen rows.
    ///
    /// It goes by lanes (task and priority) found by a loose scan of their index, and takes from each at most what may
    /// start, so a capped task's backlog is never walked through. Rows are locked by `status`, not `dispatched_at`,
    /// lest the planner reads the whole lane index for it. $1 is the time, $2 the limit.
    private static func chosen(slots: String) -> String {
        """
        WITH RECURSIVE clock AS MATERIALIZED (
            SELECT coalesce($1::timestamptz, now()) AS now
        ), lane AS (
            (SELECT task_id, priority FROM run_live WHERE dispatched_at IS NULL ORDER BY task_id, priority LIMIT 1)
            UNION ALL
            SELECT next.task_id, next.priority FROM lane CROSS JOIN LATERAL (
                SELECT task_id, priority FROM run_live
                WHERE dispatched_at IS NULL AND (task_id, priority) > (lane.task_id, lane.priority)
                ORDER BY task_id, priority LIMIT 1
            ) AS next
        ), active AS MATERIALIZED (
            SELECT run.task_id, run.task_type, count(*) AS runs,
                   count(*) FILTER (WHERE run.status = 'dispatched' OR worker.status IN ('online', 'busy')) AS slots
            FROM run_live AS run LEFT JOIN workers AS worker ON worker.id = run.worker_id
            WHERE run.dispatched_at IS NOT NULL
            GROUP BY run.task_id, run.task_type
        ), \(slots), candidate AS (
            SELECT lane.task_id, lane.priority, run.id, run.due_at, run.task_type, room.free
            FROM lane
            JOIN tasks AS task ON task.id = lane.task_id
            CROSS JOIN slots
            CROSS JOIN LATERAL (
                SELECT greatest(0, CASE WHEN task.max_concurrent = 0 THEN slots.free ELSE least(
                    slots.free,
                    task.max_concurrent
                    - coalesce((SELECT sum(runs) FROM active WHERE active.task_id = lane.task_id), 0)
                ) END)::bigint AS free
            ) AS room
            CROSS JOIN LATERAL (
                SELECT id, due_at, task_type FROM run_live
                WHERE dispatched_at IS NULL AND task_id = lane.task_id AND priority = lane.priority
                      AND due_at <= (SELECT now FROM clock)
                ORDER BY due_at, id LIMIT room.free
            ) AS run
        ), within_task AS (
            SELECT * FROM (
                SELECT *, row_number() OVER (PARTITION BY task_id ORDER BY priority DESC, due_at, id) AS place
                FROM candidate
            ) AS ranked WHERE place <= free
        ), within_type AS (
            SELECT id, priority, due_at, task_type,
                   row_number() OVER (PARTITION BY task_type ORDER BY priority DESC, due_at, id) AS type_place
            FROM within_task
        ), chosen AS MATERIALIZED (
            SELECT within_type.id FROM within_type JOIN capacity USING (task_type)
            WHERE type_place <= capacity.free
            ORDER BY within_type.priority DESC, within_type.due_at, within_type.id
            LIMIT (SELECT greatest(0, free) FROM slots)
        ), locked AS MATERIALIZED (
            SELECT id FROM run_live WHERE id = ANY(ARRAY(SELECT id FROM chosen)) AND status = 'pending'
            ORDER BY id FOR UPDATE SKIP LOCKED
        )
        """
    }

    /// Its last row is not a run: it tells when the next pending run becomes due.
    static let pick = PostgresStatement.write(
        "runs.pick",
        """
        \(chosen(slots: liveSlots)), picked AS (
            UPDATE run_live AS run
            SET status = 'dispatched', dispatched_at = clock.now, updated_at = clock.now
            FROM clock
            WHERE run.id = ANY(ARRAY(SELECT id FROM locked))
            RETURNING run.id, run.attempt + 1 AS attempt, run.task_type, run.priority, run.due_at
        ), next_due AS (
            SELECT min(run.due_at) AS due_at FROM lane CROSS JOIN LATERAL (
                SELECT due_at FROM run_live
                WHERE dispatched_at IS NULL AND task_id = lane.task_id AND priority = lane.priority
                      AND due_at > (SELECT now FROM clock)
                ORDER BY due_at LIMIT 1
            ) AS run
        )
        SELECT id, attempt, task_type, priority, due_at, NULL::timestamptz FROM picked
        UNION ALL
        SELECT NULL, NULL, NULL, NULL, next_due.due_at, clock.now FROM clock, next_due
        ORDER BY 4 DESC NULLS LAST, 5, 1
        """)

    /// $3 is the task types, $4 the worker.
    static let pickAndClaim = PostgresStatement.write(
        "runs.pickAndClaim",
        """
        \(chosen(slots: ownSlots)), claimed AS (
            UPDATE run_live AS run
            SET status = 'running', dispatched_at = clock.now, started_at = clock.now, updated_at = clock.now,
                attempt = run.attempt + 1, worker_id = $4, progress = 0
            FROM clock
            WHERE run.id = ANY(ARRAY(SELECT id FROM locked))
            RETURNING run.*
        )
        SELECT \(ClaimColumns.all) FROM claimed ORDER BY priority DESC, due_at, id
        """)
}

/// The columns that a worker gets with a claim.
enum ClaimColumns {
    static let all =
        "id, attempt, tenant_id, task_id, task_version, overrides, scheduled_at, trigger_type, trace_context"
}
