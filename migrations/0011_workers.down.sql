ALTER TABLE workers DROP COLUMN held_runs, DROP COLUMN held_attempts;
ALTER TABLE workers DROP COLUMN executors;
ALTER TABLE workers DROP COLUMN drain_requested_at;
