/// The statements of `PostgreSQLTaskRunRepository`, named after its methods; picking has a file of its own.
enum TaskRunSQL {
    /// Runs of these ids in either table.
    ///
    /// The bounds let the history be pruned to the days that matter.
    static let find = PostgresStatement.read(
        "runs.find",
        """
        SELECT \(RunColumns.live) FROM run_live WHERE id = ANY($1)
        UNION ALL
        SELECT \(RunColumns.history) FROM run_history WHERE id = ANY($1) AND id >= $2 AND id <= $3
        """)

    static let lock = PostgresStatement.write(
        "runs.lock",
        """
        SELECT \(LockedRun.columns), coalesce($2, now())
        FROM run_live AS run WHERE run.id = ANY($1) ORDER BY run.id FOR UPDATE
        """)

    /// The attempt in the message is the one that may be started, so the run's own is one below.
    static let returnUndelivered = PostgresStatement.write(
        "runs.returnUndelivered",
        """
        WITH locked AS MATERIALIZED (
            SELECT id, attempt, status FROM run_live WHERE id = ANY($1) ORDER BY id FOR UPDATE
        )
        UPDATE run_live AS run
        SET status = 'pending', dispatched_at = NULL, updated_at = coalesce($3, now())
        FROM locked JOIN unnest($1, $2) AS named (id, attempt) USING (id)
        WHERE run.id = locked.id AND locked.status = 'dispatched' AND locked.attempt = named.attempt - 1
        """)

    /// The worker's row is shared with other claims and excludes the leader's change to offline: a claim commits before
    /// it, and is taken back with the rest, or finds the worker offline.
    ///
    /// The first column tells whether the worker may claim; its row stands there even where nothing was claimed.
    static let claim = PostgresStatement.write(
        "runs.claim",
        """
        WITH worker AS MATERIALIZED (
            SELECT id FROM workers WHERE id = $1 AND status <> 'offline' FOR SHARE
        ), locked AS MATERIALIZED (
            SELECT run.* FROM run_live AS run
            WHERE run.id = ANY($2 || $4) AND EXISTS (SELECT FROM worker)
            ORDER BY run.id FOR UPDATE
        ), started AS (
            UPDATE run_live AS run
            SET status = 'running', attempt = taken.attempt, worker_id = $1, progress = 0,
                started_at = coalesce($6, now()), updated_at = coalesce($6, now())
            FROM locked JOIN unnest($2, $3) AS taken (id, attempt) USING (id)
            WHERE run.id = locked.id AND locked.status = 'dispatched' AND locked.attempt = taken.attempt - 1
            RETURNING run.*
        ), given_back AS (
            UPDATE run_live AS run
            SET status = 'pending', dispatched_at = NULL, updated_at = coalesce($6, now())
            FROM locked JOIN unnest($4, $5) AS refused (id, attempt) USING (id)
            WHERE run.id = locked.id AND locked.status = 'dispatched' AND locked.attempt = refused.attempt - 1
        ), held AS (
            SELECT locked.* FROM locked JOIN unnest($2, $3) AS taken (id, attempt) USING (id)
            WHERE locked.status = 'running' AND locked.worker_id = $1 AND locked.attempt = taken.attempt
        )
        SELECT EXISTS (SELECT FROM worker), claimed.*
        FROM (VALUES (1)) AS answer LEFT JOIN (
            SELECT \(ClaimColumns.all) FROM started UNION ALL SELECT \(ClaimColumns.all) FROM held
        ) AS claimed ON true
        """)

    static let mayClaim = PostgresStatement.write(
        "runs.mayClaim",
        """
        SELECT id FROM workers WHERE id = $1 AND status <> 'offline' FOR SHARE
        """)

    static let unsettled = PostgresStatement.read(
        "runs.unsettled",
        """
        SELECT run.id, run.attempt FROM unnest($1, $2) AS asked (id, attempt) JOIN run_live AS run USING (id)
        WHERE run.attempt = asked.attempt AND run.settled_attempt < asked.attempt
        """)

    static let attempts = PostgresStatement.read(
        "runs.attempts",
        """
        SELECT attempt, ending, worker_id, started_at, ended_at, exit_code, error_type, error_message
        FROM run_attempts WHERE run_id = $1 ORDER BY attempt, ended_at
        """)

    /// One statement, so that a run which ends meanwhile is listed exactly once.
    ///
    /// Both parts bind the same values.
    static func list(conditions: String, limit: Int) -> PostgresStatement {
        .list(
            """
            (SELECT \(RunColumns.live) FROM run_live\(conditions))
            UNION ALL
            (SELECT \(RunColumns.history) FROM run_history\(conditions))
            ORDER BY id DESC LIMIT $\(limit)
            """)
    }

    static func listLive(conditions: String) -> PostgresStatement {
        .list("SELECT \(RunColumns.live) FROM run_live\(conditions)")
    }

    static func listEnded(conditions: String) -> PostgresStatement {
        .list("SELECT \(RunColumns.history) FROM run_history\(conditions)")
    }
}
