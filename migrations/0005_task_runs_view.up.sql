-- Live and finished runs as one, for people and reports.
CREATE VIEW task_runs WITH (security_invoker = true) AS
SELECT id, tenant_id, task_id, task_version, task_type, priority, workflow_id, worker_id, status, trigger_type,
       triggered_by, scheduled_at, due_at, dispatched_at, started_at, NULL::timestamptz AS completed_at,
       NULL::bigint AS duration_ms, attempt, failures, interruptions, crashes, cancel_requested_at, progress,
       NULL::jsonb AS result, NULL::integer AS exit_code, NULL::text AS error_type, NULL::text AS error_message,
       NULL::text AS error_stack, NULL::integer AS memory_peak_mb, NULL::bigint AS cpu_time_ms, trace_context,
       created_at, updated_at
FROM run_live
UNION ALL
SELECT id, tenant_id, task_id, task_version, task_type, priority, workflow_id, worker_id, status, trigger_type,
       triggered_by, scheduled_at, due_at, dispatched_at, started_at, completed_at,
       (extract(epoch FROM completed_at - started_at) * 1000)::bigint AS duration_ms, attempt, failures, interruptions,
       crashes, cancel_requested_at, progress, result, exit_code, error_type, error_message, error_stack,
       memory_peak_mb, cpu_time_ms, trace_context, created_at, updated_at
FROM run_history;
