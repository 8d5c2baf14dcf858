extension SQLiteMigrations {
    static let refused = """
        -- Reports of attempts that were superseded before they came: refused, and kept for whoever looks for them.
        CREATE TABLE late_reports (
            run_id BLOB NOT NULL,
            attempt INTEGER NOT NULL CHECK (attempt >= 1),
            worker_id BLOB NOT NULL,
            ending TEXT NOT NULL CHECK (ending IN ('success', 'failure', 'timeout', 'interruption')),
            ended_at INTEGER NOT NULL,
            error_message TEXT,
            reported_at INTEGER NOT NULL,
            PRIMARY KEY (run_id, attempt)
        ) STRICT;

        CREATE INDEX late_reports_reported ON late_reports (reported_at);

        -- How long the whole body was; of a long one only the beginning is kept.
        ALTER TABLE dead_letters ADD COLUMN body_bytes INTEGER;
        -- The same for each copy of one message of one queue, so that it stands there once; null for what was no message.
        ALTER TABLE dead_letters ADD COLUMN digest BLOB;

        CREATE UNIQUE INDEX dead_letters_digest ON dead_letters (digest);
        """
}
