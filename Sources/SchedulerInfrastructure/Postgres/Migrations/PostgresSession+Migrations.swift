import SchedulerDomain
import SchedulerErrors

/// A row of `schema_migrations`.
struct AppliedMigration: Sendable {
    let checksum: String
    let at: UTCInstant
}

enum MigrationSQL {
    static let lock = PostgresStatement.write("migrations.lock", "SELECT pg_advisory_lock(7237002)")

    static let exists = PostgresStatement.read(
        "migrations.exists",
        """
        SELECT to_regclass('schema_migrations') IS NOT NULL
        """)

    static let createTable = """
        CREATE TABLE schema_migrations (
            version integer PRIMARY KEY,
            name text NOT NULL,
            checksum text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
        """

    static let applied = PostgresStatement.read(
        "migrations.applied",
        """
        SELECT version, checksum, applied_at FROM schema_migrations ORDER BY version
        """)

    static let add = PostgresStatement.write(
        "migrations.add",
        """
        INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)
        """)

    static let remove = PostgresStatement.write("migrations.remove", "DELETE FROM schema_migrations WHERE version = $1")

    /// The role's name and the schema's as SQL writes them; no row where the role does not exist.
    static let role = PostgresStatement.read(
        "migrations.role",
        """
        SELECT rolname = current_user, quote_ident(rolname), quote_ident(current_schema()) FROM pg_roles
        WHERE rolname = $1
        """)

    static func grants(to role: String, on schema: String) -> String {
        """
        GRANT USAGE ON SCHEMA \(schema) TO \(role);
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \(schema) TO \(role);
        GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA \(schema) TO \(role);
        REVOKE INSERT, UPDATE, DELETE ON schema_migrations FROM \(role);
        """
    }
}

/// Steps of the migrator inside its session.
extension PostgresSession {
    func appliedMigrations(creatingTable: Bool) throws -> [Int: AppliedMigration] {
        if try execute(MigrationSQL.exists).first({ try $0.bool() }) != true {
            guard creatingTable else { return [:] }
            try script("migrations table", MigrationSQL.createTable)
        }
        let rows = try execute(MigrationSQL.applied).map { row in
            (try row.int(), AppliedMigration(checksum: try row.text(), at: try row.instant()))
        }
        return Dictionary(uniqueKeysWithValues: rows)
    }

    func apply(_ migration: PostgresMigration) throws {
        try transaction { session in
            try session.script("migration \(migration.version) \(migration.name)", migration.up)
            try session.execute(
                MigrationSQL.add,
                [
                    .int4(migration.version), .text(migration.name), .text(migration.checksum),
                ])
        }
    }

    func revert(_ migration: PostgresMigration) throws {
        try transaction { session in
            try session.script("taking migration \(migration.version) \(migration.name) back", migration.down)
            try session.execute(MigrationSQL.remove, [.int4(migration.version)])
        }
    }

    /// Lets the services read and write rows, and nothing else; repeated after each run of the migrator.
    ///
    /// - Throws: `configuration` where the role does not exist.
    func grantService(to role: String) throws {
        let names = try execute(MigrationSQL.role, [.text(role)]).first { row in
            (isOwner: try row.bool(), role: try row.text(), schema: try row.text())
        }
        guard let names else {
            throw SchedulerError(.configuration, "the database has no role \(role) to grant the services' rights to")
        }
        guard !names.isOwner else { return }
        try transaction { session in
            try session.script("grants", MigrationSQL.grants(to: names.role, on: names.schema))
        }
    }
}
