/// The statements about edges between tasks.
enum DependencySQL {
    /// Whoever adds an edge or deletes a task holds its tenant, so that two edits which each are harmless cannot close a
    /// cycle together.
    static let lockTenants = PostgresStatement.write(
        "dependencies.lockTenants",
        "SELECT id FROM tenants WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE")

    static let known = PostgresStatement.read(
        "dependencies.known",
        "SELECT id FROM tasks WHERE id = ANY($1) AND tenant_id = $2 AND deleted_at IS NULL")

    /// The edges of tasks and of everything that they descend from.
    static let ancestry = PostgresStatement.read(
        "dependencies.ancestry",
        """
        WITH RECURSIVE reached AS (
            SELECT unnest($1) AS task_id
            UNION
            SELECT edge.upstream_id FROM reached JOIN task_dependencies AS edge ON edge.task_id = reached.task_id
        )
        SELECT edge.task_id, edge.upstream_id, edge.condition
        FROM reached JOIN task_dependencies AS edge USING (task_id)
        ORDER BY edge.task_id, edge.upstream_id
        """)

    /// The tasks and everything that descends from them.
    static let descendants = PostgresStatement.read(
        "dependencies.descendants",
        """
        WITH RECURSIVE reached AS (
            SELECT unnest($1) AS task_id
            UNION
            SELECT edge.task_id FROM reached JOIN task_dependencies AS edge ON edge.upstream_id = reached.task_id
        )
        SELECT task_id FROM reached LIMIT $2
        """)

    static let edges = PostgresStatement.read(
        "dependencies.edges",
        """
        SELECT task_id, upstream_id, condition FROM task_dependencies WHERE task_id = ANY($1)
        ORDER BY task_id, upstream_id
        """)

    static let dependents = PostgresStatement.read(
        "dependencies.dependents",
        """
        SELECT edge.upstream_id, task.id, task.name
        FROM task_dependencies AS edge JOIN tasks AS task ON task.id = edge.task_id
        WHERE edge.upstream_id = ANY($1) AND edge.task_id <> ALL($1) ORDER BY edge.upstream_id, task.id
        """)

    static let names = PostgresStatement.read("dependencies.names", "SELECT id, name FROM tasks WHERE id = ANY($1)")

    static let remove = PostgresStatement.write(
        "dependencies.remove", "DELETE FROM task_dependencies WHERE task_id = ANY($1)")

    static let add = PostgresStatement.write(
        "dependencies.add",
        """
        INSERT INTO task_dependencies (task_id, upstream_id, condition)
        SELECT task_id, upstream_id, condition FROM unnest($1, $2, $3) AS edge (task_id, upstream_id, condition)
        """)

    /// The tasks on which more others depend than may.
    static let full = PostgresStatement.read(
        "dependencies.full",
        """
        SELECT upstream_id FROM task_dependencies WHERE upstream_id = ANY($1)
        GROUP BY upstream_id HAVING count(*) > $2
        """)

    /// Of tasks without dependencies, at which nothing arrives any more; what arrived and led to no run goes with it.
    static let closeJoins = PostgresStatement.write(
        "dependencies.closeJoins",
        """
        WITH closed AS (DELETE FROM wave_joins WHERE task_id = ANY($1) RETURNING task_id, opened_by, child_run)
        DELETE FROM dependency_arrivals AS arrival USING closed
        WHERE arrival.task_id = closed.task_id AND arrival.opened_by = closed.opened_by AND closed.child_run IS NULL
        """)
}
