-- How many runs of the tenant may be dispatched or running at once; 0 means without limit.
ALTER TABLE tenants ADD COLUMN max_concurrent integer NOT NULL DEFAULT 0 CHECK (max_concurrent >= 0);

-- Whose turn it is among priorities and tenants: one row, changed by each pick. Pickers are serialised, so nobody waits
-- for it, and nothing in it is indexed, so it stays on its page.
CREATE TABLE pick_turns (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    -- JSON that only the program reads; null before the first pick.
    state text
) WITH (fillfactor = 20);

INSERT INTO pick_turns DEFAULT VALUES;

-- The lanes: what waits of one task, version, priority and trigger differs in nothing but its due time. The index of
-- before ordered a lane of several versions and triggers by due time, so that a held run hid those behind it.
DROP INDEX run_live_lane;
CREATE INDEX run_live_lane ON run_live (task_id, priority, task_version, trigger_type, due_at, id)
    WHERE dispatched_at IS NULL;
-- What waits of a tenant, type and priority, the earliest first: where each pass begins.
CREATE INDEX run_live_class ON run_live (tenant_id, task_type, priority, due_at, id) WHERE dispatched_at IS NULL;

ANALYZE run_live;
