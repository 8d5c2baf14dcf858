import GRDB

/// The schema, step by step.
///
/// A step that was released never changes.
///
/// Times are microseconds since the epoch, identifiers of runs and workers 16 bytes in network order, so that their
/// order is the order of creation; JSON is text.
enum SQLiteMigrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("0001_tasks") { try $0.execute(sql: tasks) }
        migrator.registerMigration("0002_run_live") { try $0.execute(sql: runLive) }
        migrator.registerMigration("0003_run_history") { try $0.execute(sql: runHistory) }
        migrator.registerMigration("0004_workers") { try $0.execute(sql: workers) }
        migrator.registerMigration("0006_fires") { try $0.execute(sql: SQLiteFiresMigration.sql) }
        migrator.registerMigration("0007_picking") { try $0.execute(sql: picking) }
        migrator.registerMigration("0008_dependencies") { try $0.execute(sql: dependencies) }
        migrator.registerMigration("0009_zones") { try $0.execute(sql: zones) }
        migrator.registerMigration("0010_run_logs") { try $0.execute(sql: runLogs) }
        migrator.registerMigration("0010_run_usage") { try $0.execute(sql: runUsage) }
        migrator.registerMigration("0011_workers") { try $0.execute(sql: workerColumns) }
        migrator.registerMigration("0012_refused") { try $0.execute(sql: refused) }
        return migrator
    }

    private static let tasks = """
        CREATE TABLE tenants (
            id TEXT NOT NULL PRIMARY KEY CHECK (id <> '')
        ) STRICT, WITHOUT ROWID;

        INSERT INTO tenants (id) VALUES ('default');

        -- What firing, counting and picking need of a task; the rest is in its version.
        CREATE TABLE tasks (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            tenant_id TEXT NOT NULL REFERENCES tenants (id),
            name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
            version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
            max_concurrent INTEGER NOT NULL CHECK (max_concurrent >= 0),
            status TEXT NOT NULL CHECK (status IN ('created', 'active', 'paused', 'inactive')),
            execution_count INTEGER NOT NULL DEFAULT 0 CHECK (execution_count >= 0),
            created_by TEXT,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            last_run_at INTEGER,
            next_run_at INTEGER,
            deleted_at INTEGER,
            CHECK (deleted_at IS NULL OR next_run_at IS NULL)
        ) STRICT;

        CREATE UNIQUE INDEX tasks_name ON tasks (tenant_id, name) WHERE deleted_at IS NULL;
        CREATE INDEX tasks_due ON tasks (next_run_at, id)
            WHERE status = 'active' AND deleted_at IS NULL AND next_run_at IS NOT NULL;
        CREATE INDEX tasks_listed ON tasks (tenant_id, id) WHERE deleted_at IS NULL;

        -- Immutable: a run names the version it was made from.
        CREATE TABLE task_versions (
            task_id INTEGER NOT NULL REFERENCES tasks (id),
            version INTEGER NOT NULL CHECK (version >= 1),
            definition TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            PRIMARY KEY (task_id, version)
        ) STRICT, WITHOUT ROWID;

        -- The ledger: each decided fire time, or a series of skipped ones keyed by its first, and what became of it.
        CREATE TABLE task_fires (
            task_id INTEGER NOT NULL REFERENCES tasks (id),
            scheduled_at INTEGER NOT NULL,
            last_scheduled_at INTEGER CHECK (last_scheduled_at >= scheduled_at),
            task_version INTEGER NOT NULL,
            run_id BLOB,
            skipped TEXT CHECK (skipped IN ('misfire', 'overlap')),
            decided_at INTEGER NOT NULL,
            PRIMARY KEY (task_id, scheduled_at),
            CHECK ((run_id IS NULL) <> (skipped IS NULL))
        ) STRICT, WITHOUT ROWID;
        """

    private static let runLive = """
        -- Unfinished runs only.
        CREATE TABLE run_live (
            id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
            tenant_id TEXT NOT NULL,
            task_id INTEGER NOT NULL,
            task_version INTEGER NOT NULL,
            task_type TEXT NOT NULL,
            priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 3),
            concurrency_key TEXT,
            overrides TEXT,
            status TEXT NOT NULL CHECK (status IN ('pending', 'dispatched', 'running')),
            trigger_type TEXT NOT NULL,
            triggered_by TEXT,
            scheduled_at INTEGER NOT NULL,
            due_at INTEGER NOT NULL,
            dispatched_at INTEGER,
            started_at INTEGER,
            attempt INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
            settled_attempt INTEGER NOT NULL DEFAULT 0 CHECK (settled_attempt BETWEEN 0 AND attempt),
            failures INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
            interruptions INTEGER NOT NULL DEFAULT 0 CHECK (interruptions >= 0),
            crashes INTEGER NOT NULL DEFAULT 0 CHECK (crashes >= 0),
            worker_id BLOB CHECK (worker_id IS NOT NULL OR status <> 'running'),
            cancel_requested_at INTEGER,
            progress INTEGER NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
            workflow_id BLOB,
            trace_context TEXT,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            CHECK ((status = 'pending') = (dispatched_at IS NULL))
        ) STRICT;

        -- The lanes of the picker: priority, type and task, each in the order of due times.
        CREATE INDEX run_live_lane ON run_live (priority, task_type, task_id, due_at, id) WHERE dispatched_at IS NULL;
        -- What becomes due next.
        CREATE INDEX run_live_due ON run_live (due_at) WHERE dispatched_at IS NULL;
        -- What waits of one task.
        CREATE INDEX run_live_waiting ON run_live (task_id) WHERE dispatched_at IS NULL;
        -- What counts against the limits; as many rows as there are slots.
        CREATE INDEX run_live_active ON run_live (dispatched_at) WHERE dispatched_at IS NOT NULL;
        """

    private static let runHistory = """
        -- Finished runs, append-only: a terminal state cannot change.
        CREATE TABLE run_history (
            id BLOB NOT NULL PRIMARY KEY,
            tenant_id TEXT NOT NULL,
            task_id INTEGER NOT NULL,
            task_version INTEGER NOT NULL,
            task_type TEXT NOT NULL,
            priority INTEGER NOT NULL,
            concurrency_key TEXT,
            overrides TEXT,
            status TEXT NOT NULL CHECK (status IN ('completed', 'failed', 'timeout', 'cancelled', 'skipped')),
            trigger_type TEXT NOT NULL,
            triggered_by TEXT,
            scheduled_at INTEGER NOT NULL,
            due_at INTEGER NOT NULL,
            dispatched_at INTEGER,
            started_at INTEGER,
            attempt INTEGER NOT NULL,
            settled_attempt INTEGER NOT NULL,
            failures INTEGER NOT NULL,
            interruptions INTEGER NOT NULL,
            crashes INTEGER NOT NULL,
            worker_id BLOB,
            cancel_requested_at INTEGER,
            progress INTEGER NOT NULL,
            workflow_id BLOB,
            trace_context TEXT,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            completed_at INTEGER NOT NULL,
            result TEXT,
            exit_code INTEGER,
            error_type TEXT,
            error_message TEXT
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX run_history_task ON run_history (task_id, id);

        -- What became of each attempt that did not complete.
        CREATE TABLE run_attempts (
            run_id BLOB NOT NULL,
            attempt INTEGER NOT NULL CHECK (attempt >= 1),
            ending TEXT NOT NULL CHECK (ending IN ('failure', 'interruption', 'crash')),
            worker_id BLOB,
            started_at INTEGER,
            ended_at INTEGER NOT NULL,
            exit_code INTEGER,
            error_type TEXT,
            error_message TEXT,
            PRIMARY KEY (run_id, attempt)
        ) STRICT, WITHOUT ROWID;

        -- Finished runs, counted by the hour in which they ended.
        CREATE TABLE run_stats (
            tenant_id TEXT NOT NULL,
            task_id INTEGER NOT NULL,
            hour INTEGER NOT NULL,
            status TEXT NOT NULL,
            count INTEGER NOT NULL CHECK (count >= 0),
            duration_ms INTEGER NOT NULL CHECK (duration_ms >= 0),
            PRIMARY KEY (tenant_id, task_id, hour, status)
        ) STRICT, WITHOUT ROWID;
        """

    private static let workers = """
        CREATE TABLE workers (
            id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
            name TEXT NOT NULL,
            hostname TEXT NOT NULL,
            ip_address TEXT,
            port INTEGER,
            task_types TEXT NOT NULL,
            max_concurrent_tasks INTEGER NOT NULL CHECK (max_concurrent_tasks >= 0),
            current_task_count INTEGER NOT NULL CHECK (current_task_count >= 0),
            status TEXT NOT NULL CHECK (status IN ('registering', 'online', 'busy', 'draining', 'offline')),
            last_heartbeat INTEGER NOT NULL,
            heartbeat_seq INTEGER NOT NULL DEFAULT 0,
            registered_at INTEGER NOT NULL,
            version TEXT NOT NULL,
            labels TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE scheduler_locks (
            lock_key TEXT NOT NULL PRIMARY KEY,
            -- Null once released.
            locked_by TEXT,
            locked_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            -- The fencing token; it only rises.
            token INTEGER NOT NULL CHECK (token >= 1)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE dead_letters (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            tenant_id TEXT,
            run_id BLOB,
            queue TEXT,
            reason TEXT NOT NULL,
            body TEXT,
            created_at INTEGER NOT NULL
        ) STRICT;
        """

    private static let zones = """
        -- What the system remembers about itself.
        CREATE TABLE settings (
            key TEXT NOT NULL PRIMARY KEY,
            value TEXT NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    private static let dependencies = """
        -- The present edges; an edit of a task rewrites its own.
        CREATE TABLE task_dependencies (
            task_id INTEGER NOT NULL REFERENCES tasks (id),
            upstream_id INTEGER NOT NULL REFERENCES tasks (id),
            condition TEXT NOT NULL CHECK (condition IN ('on_success', 'on_failure', 'on_completion')),
            PRIMARY KEY (task_id, upstream_id),
            CHECK (task_id <> upstream_id)
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX task_dependencies_upstream ON task_dependencies (upstream_id, task_id);

        -- Open joins only: what dependent tasks wait for. Named by the run whose end opened them.
        CREATE TABLE wave_joins (
            task_id INTEGER NOT NULL,
            opened_by BLOB NOT NULL,
            workflow_id BLOB NOT NULL,
            -- Whether every upstream task has its run in this workflow.
            is_whole INTEGER NOT NULL CHECK (is_whole IN (0, 1)),
            opened_at INTEGER NOT NULL,
            -- The run that came of it; null while that is undecided.
            child_run BLOB,
            PRIMARY KEY (task_id, opened_by)
        ) STRICT, WITHOUT ROWID;

        -- The ends of upstream runs at dependent tasks; they stay as the edges of the wave.
        CREATE TABLE dependency_arrivals (
            task_id INTEGER NOT NULL,
            opened_by BLOB NOT NULL,
            upstream_id INTEGER NOT NULL,
            condition TEXT NOT NULL,
            run_id BLOB NOT NULL,
            workflow_id BLOB NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('completed', 'failed', 'timeout', 'cancelled', 'skipped')),
            fulfilled INTEGER NOT NULL CHECK (fulfilled IN (0, 1)),
            child_run BLOB,
            arrived_at INTEGER NOT NULL,
            PRIMARY KEY (task_id, opened_by, upstream_id)
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX dependency_arrivals_child ON dependency_arrivals (child_run) WHERE child_run IS NOT NULL;
        CREATE INDEX dependency_arrivals_workflow ON dependency_arrivals (workflow_id);

        CREATE INDEX run_history_workflow ON run_history (workflow_id, id) WHERE workflow_id IS NOT NULL;
        CREATE INDEX run_live_workflow ON run_live (workflow_id) WHERE workflow_id IS NOT NULL;
        -- What waits of a task because it followed others, whatever backlog of other runs it has.
        CREATE INDEX run_live_dependent ON run_live (task_id) WHERE dispatched_at IS NULL AND trigger_type = 'dependency';
        """
}
