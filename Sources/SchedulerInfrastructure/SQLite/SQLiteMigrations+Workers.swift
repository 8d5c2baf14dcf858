extension SQLiteMigrations {
    static let workerColumns = """
        -- When somebody asked the worker to take nothing more and to leave.
        ALTER TABLE workers ADD COLUMN drain_requested_at INTEGER;
        -- What it can execute, as JSON; null where it did not say.
        ALTER TABLE workers ADD COLUMN executors TEXT;
        -- The attempts that its last beat lists, as JSON; null before the first.
        ALTER TABLE workers ADD COLUMN held TEXT;
        """
}
