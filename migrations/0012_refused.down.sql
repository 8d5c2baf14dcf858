DROP INDEX dead_letters_digest;
ALTER TABLE dead_letters DROP COLUMN digest, DROP COLUMN body_bytes;
ALTER TABLE dead_letters ALTER COLUMN body TYPE jsonb USING to_jsonb(body);
DROP TABLE late_reports;
