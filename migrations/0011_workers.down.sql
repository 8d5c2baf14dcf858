ALTER TABLE workers DROP COLUMN executors;
ALTER TABLE workers DROP COLUMN drain_requested_at;
