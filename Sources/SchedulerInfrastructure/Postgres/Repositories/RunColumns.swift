import SchedulerDomain

/// The columns of a run, in one order for both tables, so that lists unite them and one reader serves both.
enum RunColumns {
    static let live = """
        id, tenant_id, task_id, task_version, task_type, priority, concurrency_key, overrides, status, trigger_type,
        triggered_by, scheduled_at, due_at, dispatched_at, started_at, NULL::timestamptz, attempt, settled_attempt,
        failures, interruptions, crashes, worker_id, cancel_requested_at, progress, workflow_id, trace_context,
        NULL::jsonb, NULL::integer, NULL::text, NULL::text, NULL::text, NULL::integer, NULL::bigint, created_at,
        updated_at
        """

    static let history = """
        id, tenant_id, task_id, task_version, task_type, priority, concurrency_key, overrides, status, trigger_type,
        triggered_by, scheduled_at, due_at, dispatched_at, started_at, completed_at, attempt, settled_attempt,
        failures, interruptions, crashes, worker_id, cancel_requested_at, progress, workflow_id, trace_context,
        result, exit_code, error_type, error_message, error_stack, memory_peak_mb, cpu_time_ms, created_at, updated_at
        """
}

extension PostgresRowReader {
    /// Reads `RunColumns`.
    mutating func taskRun() throws -> TaskRun {
        TaskRun(
            id: RunID(bits: try uuid()), tenant: TenantID(try text()), task: TaskID(try int64()),
            taskVersion: try int(), taskType: try text(), priority: try priority(), concurrencyKey: optionalText(),
            overrides: try overrides(), status: try value(), trigger: try value(), triggeredBy: optionalText(),
            scheduledAt: try instant(), dueAt: try instant(), dispatchedAt: try optionalInstant(),
            startedAt: try optionalInstant(), completedAt: try optionalInstant(), attempt: try int(),
            settledAttempt: try int(), failures: try int(), interruptions: try int(), crashes: try int(),
            worker: try optionalUUID().map(WorkerID.init), cancelRequestedAt: try optionalInstant(),
            progress: try int(), workflow: try optionalUUID().map(RunID.init), traceContext: optionalText(),
            result: try optionalJSON(), exitCode: try optionalInt(), errorType: try optionalValue(),
            errorMessage: optionalText(), errorStack: optionalText(), memoryPeakMegabytes: try optionalInt(),
            cpuTime: try optionalInt64().map { .milliseconds($0) }, createdAt: try instant(), updatedAt: try instant())
    }

    mutating func priority() throws -> Priority { Priority(level: try int()) ?? .normal }

    mutating func overrides() throws -> RunOverrides {
        try optionalJSONText().map { try PostgresJSON.decode(RunOverrides.self, $0) } ?? .none
    }
}
