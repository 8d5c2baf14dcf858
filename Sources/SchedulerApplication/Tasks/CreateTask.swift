public import SchedulerDomain
import SchedulerErrors
public import SchedulerFoundation

/// Creates a task from a body.
public struct CreateTask: Sendable {
    private let store: any SchedulerStore
    private let zones: any ZoneCatalog

    public init(store: any SchedulerStore, zones: any ZoneCatalog = SystemZones.shared) {
        self.store = store
        self.zones = zones
    }

    /// - Parameter creator: who creates it, for `created_by`.
    /// - Throws: `validation` with every fault of the body; `alreadyExists` where the name is taken.
    public func callAsFunction(
        _ body: TaskBody, tenant: TenantID = .default, creator: String? = nil
    ) async throws -> TaskDefinition {
        let (spec, status) = try body.draft(zones: zones)
        let first = try TaskDomainService.firstFireTime(of: spec, after: try await store.now(), zones: zones)
        let draft = TaskDraft(
            tenant: tenant, spec: spec, status: status, createdBy: creator, nextRunAt: status == .active ? first : nil)
        guard let task = try await store.tasks.create([draft]).first else {
            throw SchedulerError(.internal, "the store returned no task for a draft")
        }
        await store.wakeUps.send(.tasks)
        return task
    }
}
