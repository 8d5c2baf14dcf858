import SchedulerDomain

private enum ForgottenSQL {
    /// Attempts that run for too long on a live worker whose last beat does not list them.
    ///
    /// $1 is the time, $2 the grace and $3 how long the leader leads, in microseconds, $4 the most rows.
    static let find = PostgresStatement.read(
        "recovery.findForgotten",
        """
        SELECT run.id, run.attempt, run.worker_id, run.started_at, coalesce($1, now())
        FROM run_live AS run JOIN workers AS worker ON worker.id = run.worker_id
             JOIN task_versions AS version ON version.task_id = run.task_id AND version.version = run.task_version
             CROSS JOIN LATERAL (
                SELECT (version.definition ->> 'timeout_seconds')::bigint * interval '1 second'
                       + $2 * interval '1 microsecond' AS patience
             ) AS run_limit
        WHERE run.dispatched_at IS NOT NULL AND run.status = 'running'
              AND run.started_at < coalesce($1, now()) - $2 * interval '1 microsecond'
              AND worker.status <> 'offline' AND worker.held_runs IS NOT NULL
              AND run.started_at + patience < coalesce($1, now()) AND $3 * interval '1 microsecond' > patience
              AND NOT EXISTS (
                SELECT FROM unnest(worker.held_runs, worker.held_attempts) AS held (run_id, attempt)
                WHERE held.run_id = run.id AND held.attempt = run.attempt)
        ORDER BY run.id LIMIT $4
        """)
}

/// Runs that no worker knows of.
extension PostgresSession {
    func forgotten(
        after grace: Duration, leadingFor time: Duration, limit: Int, now: PostgresParameter
    ) throws -> [RunOutcome] {
        try execute(
            ForgottenSQL.find,
            [now, .int8(grace.microseconds), .int8(time.microseconds), .int8(Int64(limit))]
        ).map { row in
            RunOutcome.forgotten(
                RunAttempt(run: RunID(bits: try row.uuid()), attempt: try row.int()),
                worker: WorkerID(bits: try row.uuid()), startedAt: try row.instant(), now: try row.instant())
        }
    }
}
