-- Reports of attempts that were superseded before they came: refused, and kept for whoever looks for them.
CREATE TABLE late_reports (
    run_id uuid NOT NULL,
    attempt integer NOT NULL CHECK (attempt >= 1),
    worker_id uuid NOT NULL,
    ending text NOT NULL CHECK (ending IN ('success', 'failure', 'timeout', 'interruption')),
    ended_at timestamptz NOT NULL,
    error_message text,
    reported_at timestamptz NOT NULL,
    PRIMARY KEY (run_id, attempt)
);

CREATE INDEX late_reports_reported ON late_reports (reported_at);

-- A body need not be JSON: what cannot be read is what ends here. Where it is long, only its beginning is kept.
ALTER TABLE dead_letters ALTER COLUMN body TYPE text USING body::text;
ALTER TABLE dead_letters
    -- How long the whole body was.
    ADD COLUMN body_bytes integer,
    -- The same for each copy of one message of one queue, so that it stands here once; null for what was no message.
    ADD COLUMN digest uuid;

CREATE UNIQUE INDEX dead_letters_digest ON dead_letters (digest);
