public import SchedulerDomain

/// Returns one task.
public struct FindTask: Sendable {
    private let tasks: any TaskRepository

    public init(tasks: any TaskRepository) { self.tasks = tasks }

    /// - Throws: `notFound`.
    public func callAsFunction(_ id: TaskID, tenant: TenantID = .default) async throws -> TaskDefinition {
        try await tasks.find(id, tenant: tenant)
    }
}
