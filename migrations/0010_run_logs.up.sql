-- What attempts said, in chunks of consecutive lines; partitioned as their runs. Append-only: a chunk never changes.
CREATE TABLE run_logs (
    run_id uuid NOT NULL,
    attempt integer NOT NULL CHECK (attempt >= 1),
    first_line bigint NOT NULL CHECK (first_line >= 1),
    line_count integer NOT NULL CHECK (line_count >= 1),
    tenant_id text NOT NULL,
    -- The time of the first line; the others count from it.
    started_at timestamptz NOT NULL,
    -- A line each: its stream (o, e, s), the microseconds since started_at, a space, its text.
    body text NOT NULL,
    PRIMARY KEY (run_id, attempt, first_line)
) PARTITION BY RANGE (run_id);

CREATE TABLE run_logs_default PARTITION OF run_logs DEFAULT;
