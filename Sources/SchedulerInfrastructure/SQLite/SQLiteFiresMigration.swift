/// The step `0006_fires` of `SQLiteMigrations`.
enum SQLiteFiresMigration {
    static let sql = """
        -- Since when a pause leaves fire times out; they come into the ledger when it ends.
        ALTER TABLE tasks ADD COLUMN paused_at INTEGER;
        UPDATE tasks SET paused_at = updated_at WHERE status = 'paused' AND deleted_at IS NULL;

        -- A check cannot be changed in place.
        CREATE TABLE task_fires_new (
            task_id INTEGER NOT NULL REFERENCES tasks (id),
            scheduled_at INTEGER NOT NULL,
            last_scheduled_at INTEGER CHECK (last_scheduled_at >= scheduled_at),
            task_version INTEGER NOT NULL,
            run_id BLOB,
            skipped TEXT CHECK (skipped IN ('misfire', 'overlap', 'paused')),
            decided_at INTEGER NOT NULL,
            PRIMARY KEY (task_id, scheduled_at),
            CHECK ((run_id IS NULL) <> (skipped IS NULL))
        ) STRICT, WITHOUT ROWID;
        INSERT INTO task_fires_new (task_id, scheduled_at, last_scheduled_at, task_version, run_id, skipped, decided_at)
        SELECT task_id, scheduled_at, last_scheduled_at, task_version, run_id, skipped, decided_at FROM task_fires;
        DROP TABLE task_fires;
        ALTER TABLE task_fires_new RENAME TO task_fires;

        -- What waits of a task's schedule, whatever backlog of other runs it has.
        CREATE INDEX run_live_scheduled ON run_live (task_id)
            WHERE dispatched_at IS NULL AND trigger_type = 'scheduled';

        CREATE TABLE backfills (
            id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
            tenant_id TEXT NOT NULL,
            task_id INTEGER NOT NULL REFERENCES tasks (id),
            from_at INTEGER NOT NULL,
            to_at INTEGER NOT NULL CHECK (to_at > from_at),
            max_runs INTEGER NOT NULL CHECK (max_runs >= 1),
            created_by TEXT,
            created_at INTEGER NOT NULL,
            -- When it last came on with making runs.
            worked_at INTEGER NOT NULL,
            left_out INTEGER NOT NULL DEFAULT 0 CHECK (left_out >= 0),
            remaining_from INTEGER,
            finished_at INTEGER,
            cancelled_at INTEGER
        ) STRICT, WITHOUT ROWID;

        -- Which fire times got a run from a backfill; the key lets none get two.
        CREATE TABLE backfill_fires (
            task_id INTEGER NOT NULL REFERENCES tasks (id),
            scheduled_at INTEGER NOT NULL,
            backfill_id BLOB NOT NULL,
            run_id BLOB NOT NULL,
            PRIMARY KEY (task_id, scheduled_at)
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX backfill_fires_backfill ON backfill_fires (backfill_id);
        CREATE INDEX backfill_fires_run ON backfill_fires (run_id);
        """
}
