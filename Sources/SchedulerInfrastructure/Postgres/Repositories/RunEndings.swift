import SchedulerDomain
import SchedulerErrors

/// A live run's row while its transaction holds it: what judging and ending need.
struct LockedRun {
    let id: RunID
    let tenant: TenantID
    let task: TaskID
    let version: Int
    var standing: RunJudge.Standing
    let worker: WorkerID?
    let startedAt: UTCInstant?
    let workflow: RunID?
    let trigger: TriggerType
    /// The store's time in this transaction.
    let now: UTCInstant

    /// The columns that the reader below reads.
    static let columns = """
        run.id, run.tenant_id, run.task_id, run.task_version, run.status, run.attempt, run.settled_attempt,
        run.failures, run.interruptions, run.crashes, run.cancel_requested_at IS NOT NULL, run.worker_id,
        run.started_at, run.workflow_id, run.trigger_type
        """

    init(_ row: inout PostgresRowReader) throws {
        id = RunID(bits: try row.uuid())
        tenant = TenantID(try row.text())
        task = TaskID(try row.int64())
        version = try row.int()
        standing = RunJudge.Standing(
            status: try row.value(), attempt: try row.int(), settledAttempt: try row.int(), failures: try row.int(),
            interruptions: try row.int(), crashes: try row.int(), cancelRequested: try row.bool())
        worker = try row.optionalUUID().map(WorkerID.init)
        startedAt = try row.optionalInstant()
        workflow = try row.optionalUUID().map(RunID.init)
        trigger = try row.value()
        now = try row.instant()
    }
}

/// How a run leaves `run_live` for the history.
struct RunEnding {
    var run: LockedRun
    var status: TaskRunStatus
    var counters: RunJudge.Counters
    var worker: WorkerID?
    var startedAt: UTCInstant?
    var completedAt: UTCInstant
    var result: JSONValue?
    var exitCode: Int?
    var errorType: ErrorType?
    var errorMessage: String?
    var errorStack: String?
    var usage: ResourceUsage?
}

/// How a run goes back to pending.
struct RunReturn {
    var run: RunID
    var dueAt: UTCInstant
    var counters: RunJudge.Counters
    /// Whether the attempt counts as judged; recovery leaves that open for a late outcome.
    var settles: Bool
}

private enum RunEndingSQL {
    /// One statement, so that a run is at every moment in exactly one of the two tables.
    static let end = PostgresStatement.write(
        "runs.end",
        """
        WITH gone AS (
            DELETE FROM run_live AS run
            USING unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
                  AS ending (id, status, failures, interruptions, crashes, worker_id, started_at, completed_at, result,
                             exit_code, error_type, error_message, error_stack, memory_peak_mb, cpu_time_ms)
            WHERE run.id = ending.id
            RETURNING run.id, run.tenant_id, run.task_id, run.task_version, run.task_type, run.priority,
                      run.concurrency_key, run.overrides, ending.status, run.trigger_type, run.triggered_by,
                      run.scheduled_at, run.due_at, run.dispatched_at, ending.started_at, ending.completed_at,
                      run.attempt, ending.failures, ending.interruptions, ending.crashes, ending.worker_id,
                      run.cancel_requested_at, run.progress, run.workflow_id, run.trace_context, ending.result,
                      ending.exit_code, ending.error_type, ending.error_message, ending.error_stack,
                      ending.memory_peak_mb, ending.cpu_time_ms, run.created_at
        )
        INSERT INTO run_history (
            id, tenant_id, task_id, task_version, task_type, priority, concurrency_key, overrides, status,
            trigger_type, triggered_by, scheduled_at, due_at, dispatched_at, started_at, completed_at, attempt,
            settled_attempt, failures, interruptions, crashes, worker_id, cancel_requested_at, progress, workflow_id,
            trace_context, result, exit_code, error_type, error_message, error_stack, memory_peak_mb, cpu_time_ms,
            created_at, updated_at)
        SELECT id, tenant_id, task_id, task_version, task_type, priority, concurrency_key, overrides, status,
               trigger_type, triggered_by, scheduled_at, due_at, dispatched_at, started_at, completed_at, attempt,
               attempt, failures, interruptions, crashes, worker_id, cancel_requested_at, progress, workflow_id,
               trace_context, result, exit_code, error_type, error_message, error_stack, memory_peak_mb, cpu_time_ms,
               created_at, $16
        FROM gone
        """)

    static let putBack = PostgresStatement.write(
        "runs.return",
        """
        UPDATE run_live AS run
        SET status = 'pending', dispatched_at = NULL, due_at = back.due_at, failures = back.failures,
            interruptions = back.interruptions, crashes = back.crashes, worker_id = NULL, progress = 0, updated_at = $7,
            settled_attempt = CASE WHEN back.settles THEN run.attempt ELSE run.settled_attempt END
        FROM unnest($1, $2, $3, $4, $5, $6) AS back (id, due_at, failures, interruptions, crashes, settles)
        WHERE run.id = back.id
        """)

    static let addAttempts = PostgresStatement.write(
        "runs.addAttempts",
        """
        INSERT INTO run_attempts (run_id, attempt, ending, worker_id, started_at, ended_at, exit_code, error_type,
                                  error_message)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (run_id, attempt, ending) DO NOTHING
        """)

    static let removeCrashes = PostgresStatement.write(
        "runs.removeCrashes",
        """
        DELETE FROM run_attempts AS record USING unnest($1, $2) AS late (run_id, attempt)
        WHERE record.run_id = late.run_id AND record.attempt = late.attempt AND record.ending = 'crash'
        """)

    /// In the order of the key, so that concurrent batches lock the same rows in the same order.
    static let addStats = PostgresStatement.write(
        "runs.addStats",
        """
        INSERT INTO run_stats AS stats (tenant_id, task_id, hour, status, count, duration_ms)
        SELECT tenant_id, task_id, hour, status, count(*), sum(duration_ms)
        FROM unnest($1, $2, $3, $4, $5) AS ended (tenant_id, task_id, hour, status, duration_ms)
        GROUP BY tenant_id, task_id, hour, status ORDER BY tenant_id, task_id, hour, status
        ON CONFLICT (tenant_id, task_id, hour, status) DO UPDATE
        SET count = stats.count + excluded.count, duration_ms = stats.duration_ms + excluded.duration_ms
        """)
}

/// Moving locked runs on, inside a transaction.
extension PostgresSession {
    /// Moves runs to the history and tells the dependents of their tasks; every end of a run goes through here, save
    /// those that a deletion brings about (`TaskSQL.cancelRuns`): on deleted tasks none depends.
    func end(_ endings: [RunEnding]) throws {
        guard let now = endings.first?.run.now else { return }
        try execute(
            RunEndingSQL.end,
            [
                .uuids(endings.map(\.run.id.bits)), .texts(endings.map(\.status.rawValue)),
                .int4s(endings.map(\.counters.failures)), .int4s(endings.map(\.counters.interruptions)),
                .int4s(endings.map(\.counters.crashes)), .uuids(endings.map { $0.worker?.bits }),
                .instants(endings.map(\.startedAt)), .instants(endings.map(\.completedAt)),
                .jsonbs(endings.map(\.result)), .int4s(endings.map(\.exitCode)),
                .texts(endings.map { $0.errorType?.rawValue }), .texts(endings.map(\.errorMessage)),
                .texts(endings.map(\.errorStack)), .int4s(endings.map { $0.usage?.peakMemoryMegabytes }),
                .int8s(endings.map { $0.usage?.cpuTime.milliseconds }), .instant(now),
            ])
        try arrive(
            endings.map { ending in
                RunEnd(
                    run: ending.run.id, task: ending.run.task, workflow: ending.run.workflow,
                    trigger: ending.run.trigger, status: ending.status)
            }, now: now)
    }

    /// Returns runs to pending.
    func putBack(_ returns: [RunReturn], now: UTCInstant) throws {
        guard !returns.isEmpty else { return }
        try execute(
            RunEndingSQL.putBack,
            [
                .uuids(returns.map(\.run.bits)), .instants(returns.map(\.dueAt)),
                .int4s(returns.map(\.counters.failures)), .int4s(returns.map(\.counters.interruptions)),
                .int4s(returns.map(\.counters.crashes)), .bools(returns.map(\.settles)), .instant(now),
            ])
    }

    func add(_ records: [AttemptRecord]) throws {
        guard !records.isEmpty else { return }
        try execute(
            RunEndingSQL.addAttempts,
            [
                .uuids(records.map(\.attempt.run.bits)), .int4s(records.map(\.attempt.attempt)),
                .texts(records.map(\.ending.rawValue)), .uuids(records.map { $0.worker?.bits }),
                .instants(records.map(\.startedAt)), .instants(records.map(\.endedAt)), .int4s(records.map(\.exitCode)),
                .texts(records.map { $0.errorType?.rawValue }), .texts(records.map(\.errorMessage)),
            ])
    }

    /// Takes crashes back that a late report has explained.
    func removeCrashes(of attempts: [RunAttempt]) throws {
        guard !attempts.isEmpty else { return }
        try execute(RunEndingSQL.removeCrashes, [.uuids(attempts.map(\.run.bits)), .int4s(attempts.map(\.attempt))])
    }

    /// Counts ended runs; the last statement of a transaction, since busy tasks share its rows.
    func addStats(_ endings: [RunEnding]) throws {
        guard !endings.isEmpty else { return }
        try execute(
            RunEndingSQL.addStats,
            [
                .texts(endings.map(\.run.tenant.rawValue)), .int8s(endings.map(\.run.task.rawValue)),
                .instants(endings.map { $0.completedAt.startOfHour }), .texts(endings.map(\.status.rawValue)),
                .int8s(
                    endings.map { ending in
                        ending.startedAt.map { max(0, $0.duration(to: ending.completedAt).milliseconds) } ?? 0
                    }),
            ])
    }
}

extension UTCInstant {
    fileprivate var startOfHour: UTCInstant {
        let seconds = secondsSinceEpoch
        return UTCInstant(secondsSinceEpoch: seconds - ((seconds % 3_600) + 3_600) % 3_600)
    }
}
