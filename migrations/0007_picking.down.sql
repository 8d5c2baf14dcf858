DROP INDEX run_live_class;
DROP INDEX run_live_lane;
CREATE INDEX run_live_lane ON run_live (task_id, priority, due_at, id) WHERE dispatched_at IS NULL;

DROP TABLE pick_turns;

ALTER TABLE tenants DROP COLUMN max_concurrent;
