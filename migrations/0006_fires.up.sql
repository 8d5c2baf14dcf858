-- Since when a pause leaves fire times out; they come into the ledger when it ends.
ALTER TABLE tasks ADD COLUMN paused_at timestamptz;
UPDATE tasks SET paused_at = updated_at WHERE status = 'paused' AND deleted_at IS NULL;

ALTER TABLE task_fires DROP CONSTRAINT task_fires_skipped_check;
ALTER TABLE task_fires ADD CONSTRAINT task_fires_skipped_check CHECK (skipped IN ('misfire', 'overlap', 'paused'));

-- What waits of a task's schedule, whatever backlog of other runs it or others have.
CREATE INDEX run_live_scheduled ON run_live (task_id) WHERE dispatched_at IS NULL AND trigger_type = 'scheduled';

CREATE TABLE backfills (
    id uuid PRIMARY KEY,
    tenant_id text NOT NULL,
    task_id bigint NOT NULL,
    from_at timestamptz NOT NULL,
    to_at timestamptz NOT NULL CHECK (to_at > from_at),
    max_runs integer NOT NULL CHECK (max_runs >= 1),
    created_by text,
    created_at timestamptz NOT NULL,
    -- When it last came on with making runs.
    worked_at timestamptz NOT NULL,
    left_out integer NOT NULL DEFAULT 0 CHECK (left_out >= 0),
    remaining_from timestamptz,
    finished_at timestamptz,
    cancelled_at timestamptz
);

-- Which fire times got a run from a backfill; the key lets none get two.
CREATE TABLE backfill_fires (
    task_id bigint NOT NULL,
    scheduled_at timestamptz NOT NULL,
    backfill_id uuid NOT NULL,
    run_id uuid NOT NULL,
    PRIMARY KEY (task_id, scheduled_at)
);

CREATE INDEX backfill_fires_backfill ON backfill_fires (backfill_id);
CREATE INDEX backfill_fires_run ON backfill_fires (run_id);

-- By tenant, as tasks are listed. An index of the status alone tempted the planner to read all that are active, where
-- it should walk along those that are due.
DROP INDEX tasks_status;
CREATE INDEX tasks_status ON tasks (tenant_id, status, id) WHERE deleted_at IS NULL;
