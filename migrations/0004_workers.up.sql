CREATE TABLE workers (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    hostname text NOT NULL,
    ip_address text,
    port integer CHECK (port BETWEEN 0 AND 65535),
    task_types text[] NOT NULL,
    max_concurrent_tasks integer NOT NULL CHECK (max_concurrent_tasks >= 0),
    current_task_count integer NOT NULL DEFAULT 0 CHECK (current_task_count >= 0),
    status text NOT NULL CHECK (status IN ('registering', 'online', 'busy', 'draining', 'offline')),
    last_heartbeat timestamptz NOT NULL,
    -- Grows with every heartbeat; the leader watches it on its own clock to see silence.
    heartbeat_seq bigint NOT NULL DEFAULT 0,
    registered_at timestamptz NOT NULL,
    version text NOT NULL,
    labels jsonb NOT NULL DEFAULT '{}'
) WITH (fillfactor = 70);

CREATE INDEX workers_status ON workers (status);
CREATE INDEX workers_last_heartbeat ON workers (last_heartbeat);
CREATE INDEX workers_task_types ON workers USING gin (task_types);

CREATE TABLE scheduler_locks (
    lock_key text PRIMARY KEY,
    -- Null once released.
    locked_by text,
    locked_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    -- The fencing token; it only rises.
    token bigint NOT NULL CHECK (token >= 1),
    metadata jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE dead_letters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id text,
    run_id uuid,
    queue text,
    reason text NOT NULL,
    body jsonb,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX dead_letters_run ON dead_letters (run_id);
