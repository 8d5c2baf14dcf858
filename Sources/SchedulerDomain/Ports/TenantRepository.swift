/// Keeps tenants.
public protocol TenantRepository: Sendable {
    /// Creates the tenants, or changes what is known of them.
    func save(_ tenants: [Tenant]) async throws

    /// Returns those of the tenants that exist, in no order.
    func find(_ ids: [TenantID]) async throws -> [Tenant]
}

/// Whoever shares the scheduler with others and is kept apart from them.
public struct Tenant: Sendable, Hashable, Identifiable {
    public var id: TenantID
    /// How many of its runs may be dispatched or running at once; 0 means without limit.
    public var maxConcurrent: Int

    public init(id: TenantID, maxConcurrent: Int = 0) {
        self.id = id
        self.maxConcurrent = maxConcurrent
    }
}
