import SchedulerDomain

/// Tenants in SQLite.
final class SQLiteTenantRepository: TenantRepository {
    private let database: SQLiteDatabase

    init(_ database: SQLiteDatabase) { self.database = database }

    func save(_ tenants: [Tenant]) async throws {
        try await database.write("save tenants") { transaction in
            for tenant in tenants { try transaction.execute(Self.save, tenant.id.rawValue, tenant.maxConcurrent) }
        }
    }

    func find(_ ids: [TenantID]) async throws -> [Tenant] {
        try await database.read("find tenants") { transaction in
            try Set(ids).compactMap { id in
                try transaction.row(Self.find, id.rawValue) { Tenant(id: id, maxConcurrent: try $0.int()) }
            }
        }
    }

    private static let save = """
        INSERT INTO tenants (id, max_concurrent) VALUES (?, ?)
        ON CONFLICT (id) DO UPDATE SET max_concurrent = excluded.max_concurrent
        """

    private static let find = "SELECT max_concurrent FROM tenants WHERE id = ?"
}
