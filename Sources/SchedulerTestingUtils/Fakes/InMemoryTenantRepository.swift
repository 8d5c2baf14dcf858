import SchedulerDomain

/// Tenants in memory.
final class InMemoryTenantRepository: TenantRepository {
    private let shared: InMemoryShared

    init(_ shared: InMemoryShared) { self.shared = shared }

    func save(_ tenants: [Tenant]) async throws {
        shared.transaction { state, _ in for tenant in tenants { state.tenants[tenant.id] = tenant } }
    }

    func find(_ ids: [TenantID]) async throws -> [Tenant] {
        shared.transaction { state, _ in Set(ids).compactMap { state.tenants[$0] } }
    }
}
