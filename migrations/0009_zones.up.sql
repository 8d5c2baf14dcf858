-- What the system remembers about itself.
CREATE TABLE settings (
    key text PRIMARY KEY CHECK (key <> ''),
    value jsonb NOT NULL,
    updated_at timestamptz NOT NULL
);
