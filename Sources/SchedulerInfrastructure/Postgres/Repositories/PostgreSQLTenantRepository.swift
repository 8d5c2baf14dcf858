import SchedulerDomain

/// Tenants in PostgreSQL.
struct PostgreSQLTenantRepository: TenantRepository {
    let context: PostgresContext

    func save(_ tenants: [Tenant]) async throws {
        guard !tenants.isEmpty else { return }
        let now = context.now
        let tenants = Dictionary(tenants.map { ($0.id, $0) }) { _, last in last }.values.sorted { $0.id < $1.id }
        try await context.pool.withSession("save tenants") { session in
            _ = try session.execute(
                TenantSQL.save, [.texts(tenants.map(\.id.rawValue)), .int4s(tenants.map(\.maxConcurrent)), now])
        }
    }

    func find(_ ids: [TenantID]) async throws -> [Tenant] {
        try await context.pool.withSession("find tenants") { session in
            try session.execute(TenantSQL.find, [.texts(ids.map(\.rawValue))])
                .map { Tenant(id: TenantID(try $0.text()), maxConcurrent: try $0.int()) }
        }
    }
}

/// Its statements, named after its methods.
private enum TenantSQL {
    static let save = PostgresStatement.write(
        "tenants.save",
        """
        INSERT INTO tenants (id, max_concurrent, created_at)
        SELECT id, max_concurrent, coalesce($3, now()) FROM unnest($1, $2) AS tenant (id, max_concurrent)
        ON CONFLICT (id) DO UPDATE SET max_concurrent = excluded.max_concurrent
        """)

    static let find = PostgresStatement.read(
        "tenants.find", "SELECT id, max_concurrent FROM tenants WHERE id = ANY($1)")
}
