-- The present edges; an edit of a task rewrites its own.
CREATE TABLE task_dependencies (
    task_id bigint NOT NULL REFERENCES tasks (id),
    upstream_id bigint NOT NULL REFERENCES tasks (id),
    condition text NOT NULL CHECK (condition IN ('on_success', 'on_failure', 'on_completion')),
    PRIMARY KEY (task_id, upstream_id),
    CHECK (task_id <> upstream_id)
);

-- A schema that was migrated down and up again still has them in the definitions.
INSERT INTO task_dependencies (task_id, upstream_id, condition)
SELECT task.id, upstream.id, edge.value ->> 'condition'
FROM tasks AS task
JOIN task_versions AS version ON version.task_id = task.id AND version.version = task.version
CROSS JOIN LATERAL jsonb_array_elements(
    CASE jsonb_typeof(version.definition -> 'dependencies') WHEN 'array' THEN version.definition -> 'dependencies'
    ELSE '[]' END) AS edge
JOIN tasks AS upstream ON upstream.id = (edge.value ->> 'task_id')::bigint AND upstream.tenant_id = task.tenant_id
     AND upstream.deleted_at IS NULL
WHERE task.deleted_at IS NULL;

CREATE INDEX task_dependencies_upstream ON task_dependencies (upstream_id, task_id);

-- Open joins only: what dependent tasks wait for. Named by the run whose end opened them.
CREATE TABLE wave_joins (
    task_id bigint NOT NULL,
    opened_by uuid NOT NULL,
    workflow_id uuid NOT NULL,
    -- Whether every upstream task has its run in this workflow.
    is_whole boolean NOT NULL,
    opened_at timestamptz NOT NULL,
    -- The run that came of it; null while that is undecided.
    child_run uuid,
    PRIMARY KEY (task_id, opened_by)
);

-- The ends of upstream runs at dependent tasks; they stay as the edges of the wave.
CREATE TABLE dependency_arrivals (
    task_id bigint NOT NULL,
    opened_by uuid NOT NULL,
    upstream_id bigint NOT NULL,
    condition text NOT NULL,
    run_id uuid NOT NULL,
    workflow_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('completed', 'failed', 'timeout', 'cancelled', 'skipped')),
    fulfilled boolean NOT NULL,
    child_run uuid,
    arrived_at timestamptz NOT NULL,
    PRIMARY KEY (task_id, opened_by, upstream_id)
);

CREATE INDEX dependency_arrivals_child ON dependency_arrivals (child_run) WHERE child_run IS NOT NULL;
CREATE INDEX dependency_arrivals_workflow ON dependency_arrivals (workflow_id);

CREATE INDEX run_history_workflow ON run_history (workflow_id, id) WHERE workflow_id IS NOT NULL;
CREATE INDEX run_live_workflow ON run_live (workflow_id) WHERE workflow_id IS NOT NULL;
-- What waits of a task because it followed others, whatever backlog of other runs it has.
CREATE INDEX run_live_dependent ON run_live (task_id) WHERE dispatched_at IS NULL AND trigger_type = 'dependency';
