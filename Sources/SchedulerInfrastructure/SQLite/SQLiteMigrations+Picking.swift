extension SQLiteMigrations {
    static let picking = """
        -- How many runs of the tenant may be dispatched or running at once; 0 means without limit.
        ALTER TABLE tenants ADD COLUMN max_concurrent INTEGER NOT NULL DEFAULT 0 CHECK (max_concurrent >= 0);

        -- Whose turn it is among priorities and tenants: one row, changed by each pick.
        CREATE TABLE pick_turns (
            is_only INTEGER NOT NULL PRIMARY KEY DEFAULT 1 CHECK (is_only = 1),
            -- JSON that only the program reads; null before the first pick.
            state TEXT
        ) STRICT;

        INSERT INTO pick_turns DEFAULT VALUES;

        -- The lanes: what waits of one task, version, priority and trigger differs in nothing but its due time.
        DROP INDEX run_live_lane;
        DROP INDEX run_live_waiting;
        CREATE INDEX run_live_lane ON run_live (task_id, priority, task_version, trigger_type, due_at, id)
            WHERE dispatched_at IS NULL;
        -- What waits of a tenant, type and priority, the earliest first: where each pass begins.
        CREATE INDEX run_live_class ON run_live (tenant_id, task_type, priority, due_at, id)
            WHERE dispatched_at IS NULL;
        """
}
