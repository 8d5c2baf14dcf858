-- Unfinished runs only: small, cached, cheap to vacuum. No foreign keys, so that a step of a run locks no task.
--
-- The predicates of the indexes use dispatched_at, not status, so that a claim (dispatched to running) changes no
-- indexed column and stays a heap-only update.
CREATE TABLE run_live (
    id uuid PRIMARY KEY,
    tenant_id text NOT NULL,
    task_id bigint NOT NULL,
    task_version integer NOT NULL,
    task_type text NOT NULL,
    priority smallint NOT NULL CHECK (priority BETWEEN 0 AND 3),
    concurrency_key text,
    overrides jsonb,
    status text NOT NULL CHECK (status IN ('pending', 'dispatched', 'running')),
    trigger_type text NOT NULL CHECK (trigger_type IN ('scheduled', 'manual', 'retry', 'dependency', 'backfill')),
    triggered_by text,
    scheduled_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    dispatched_at timestamptz,
    started_at timestamptz,
    attempt integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    settled_attempt integer NOT NULL DEFAULT 0 CHECK (settled_attempt BETWEEN 0 AND attempt),
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    interruptions integer NOT NULL DEFAULT 0 CHECK (interruptions >= 0),
    crashes integer NOT NULL DEFAULT 0 CHECK (crashes >= 0),
    worker_id uuid CHECK (worker_id IS NOT NULL OR status <> 'running'),
    cancel_requested_at timestamptz,
    progress smallint NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    workflow_id uuid,
    trace_context text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK ((status = 'pending') = (dispatched_at IS NULL))
) WITH (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.05,
    autovacuum_analyze_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0
);

-- The lanes of the picker: tasks and priorities, each in the order of due times.
CREATE INDEX run_live_lane ON run_live (task_id, priority, due_at, id) WHERE dispatched_at IS NULL;
-- What counts against the limits.
CREATE INDEX run_live_active ON run_live (task_id) WHERE dispatched_at IS NOT NULL;

-- A plan made on a table that was never analysed costs a factor of three.
ANALYZE run_live;
