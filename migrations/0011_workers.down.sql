ALTER TABLE workers DROP COLUMN drain_requested_at;
