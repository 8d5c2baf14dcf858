-- When somebody asked the worker to take nothing more and to leave.
ALTER TABLE workers ADD COLUMN drain_requested_at timestamptz;
-- What it can execute; null where it did not say, as workers of earlier releases do not.
ALTER TABLE workers ADD COLUMN executors text[];
-- The attempts that its last beat lists; null before the first.
ALTER TABLE workers ADD COLUMN held_runs uuid[], ADD COLUMN held_attempts integer[];
