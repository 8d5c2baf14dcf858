DROP INDEX tasks_status;
CREATE INDEX tasks_status ON tasks (status);
DROP TABLE backfill_fires, backfills;
DROP INDEX run_live_scheduled;
DELETE FROM task_fires WHERE skipped = 'paused';
ALTER TABLE task_fires DROP CONSTRAINT task_fires_skipped_check;
ALTER TABLE task_fires ADD CONSTRAINT task_fires_skipped_check CHECK (skipped IN ('misfire', 'overlap'));
ALTER TABLE tasks DROP COLUMN paused_at;
