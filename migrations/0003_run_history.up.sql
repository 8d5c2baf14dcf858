-- Finished runs, append-only: a terminal state cannot change. Partitioned by day by id (UUIDs of version 7 begin with
-- their time), so that the primary key is the id; the default partition takes what has no partition.
CREATE TABLE run_history (
    id uuid NOT NULL,
    tenant_id text NOT NULL,
    task_id bigint NOT NULL,
    task_version integer NOT NULL,
    task_type text NOT NULL,
    priority smallint NOT NULL,
    concurrency_key text,
    overrides jsonb,
    status text NOT NULL CHECK (status IN ('completed', 'failed', 'timeout', 'cancelled', 'skipped')),
    trigger_type text NOT NULL,
    triggered_by text,
    scheduled_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    dispatched_at timestamptz,
    started_at timestamptz,
    completed_at timestamptz NOT NULL,
    attempt integer NOT NULL,
    settled_attempt integer NOT NULL,
    failures integer NOT NULL,
    interruptions integer NOT NULL,
    crashes integer NOT NULL,
    worker_id uuid,
    cancel_requested_at timestamptz,
    progress smallint NOT NULL,
    workflow_id uuid,
    trace_context text,
    result jsonb,
    exit_code integer,
    error_type text,
    error_message text,
    error_stack text,
    memory_peak_mb integer,
    cpu_time_ms bigint,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (id)
) PARTITION BY RANGE (id);

CREATE INDEX run_history_task ON run_history (task_id, id);
CREATE INDEX run_history_tenant ON run_history (tenant_id, id);
CREATE INDEX run_history_worker ON run_history (worker_id, id);
CREATE INDEX run_history_status ON run_history (tenant_id, status, id);

CREATE TABLE run_history_default PARTITION OF run_history DEFAULT;

-- What became of each attempt that did not complete; partitioned as its runs.
CREATE TABLE run_attempts (
    run_id uuid NOT NULL,
    attempt integer NOT NULL CHECK (attempt >= 1),
    ending text NOT NULL CHECK (ending IN ('failure', 'interruption', 'crash')),
    worker_id uuid,
    started_at timestamptz,
    ended_at timestamptz NOT NULL,
    exit_code integer,
    error_type text,
    error_message text,
    PRIMARY KEY (run_id, attempt, ending)
) PARTITION BY RANGE (run_id);

CREATE TABLE run_attempts_default PARTITION OF run_attempts DEFAULT;

-- Finished runs, counted by the hour in which they ended.
CREATE TABLE run_stats (
    tenant_id text NOT NULL,
    task_id bigint NOT NULL,
    hour timestamptz NOT NULL,
    status text NOT NULL,
    count bigint NOT NULL CHECK (count >= 0),
    duration_ms bigint NOT NULL CHECK (duration_ms >= 0),
    PRIMARY KEY (tenant_id, task_id, hour, status)
) WITH (fillfactor = 70);
