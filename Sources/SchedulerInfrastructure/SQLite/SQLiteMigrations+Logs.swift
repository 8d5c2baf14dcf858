extension SQLiteMigrations {
    static let runLogs = """
        -- What attempts said, in chunks of consecutive lines. Append-only: a chunk never changes.
        CREATE TABLE run_logs (
            run_id BLOB NOT NULL,
            attempt INTEGER NOT NULL CHECK (attempt >= 1),
            first_line INTEGER NOT NULL CHECK (first_line >= 1),
            line_count INTEGER NOT NULL CHECK (line_count >= 1),
            tenant_id TEXT NOT NULL,
            -- The time of the first line; the others count from it.
            started_at INTEGER NOT NULL,
            -- A line each: its stream (o, e, s), the microseconds since started_at, a space, its text.
            body TEXT NOT NULL
        ) STRICT;

        CREATE UNIQUE INDEX run_logs_key ON run_logs (run_id, attempt, first_line);
        """

    static let runUsage = """
        ALTER TABLE run_history ADD COLUMN error_stack TEXT;
        ALTER TABLE run_history ADD COLUMN memory_peak_mb INTEGER;
        ALTER TABLE run_history ADD COLUMN cpu_time_ms INTEGER;
        """
}
