extension SQLiteMigrations {
    static let workerColumns = """
        -- When somebody asked the worker to take nothing more and to leave.
        ALTER TABLE workers ADD COLUMN drain_requested_at INTEGER;
        """
}
