public import SchedulerDomain
import SchedulerErrors

/// Deletes a task: it fires no more, its pending runs are cancelled, and what runs is asked to end; its history stays.
public struct DeleteTask: Sendable {
    private let tasks: any TaskRepository
    private let wakeUps: any WakeUps

    public init(tasks: any TaskRepository, wakeUps: any WakeUps) {
        self.tasks = tasks
        self.wakeUps = wakeUps
    }

    /// - Parameter cascading: also deletes the tasks that depend on it, and so on.
    /// - Returns: the ids of the deleted tasks.
    /// - Throws: `notFound`; `conflict` where others depend on it and would stay.
    @discardableResult
    public func callAsFunction(
        _ id: TaskID, tenant: TenantID = .default, cascading: Bool = false
    ) async throws -> [TaskID] {
        let deleted = try await tasks.delete([id], tenant: tenant, cascading: cascading)
        guard deleted.contains(id) else { throw SchedulerError(.notFound, "task \(id) does not exist") }
        await wakeUps.send(.tasks)
        // What was on its way to a worker has freed its slot.
        await wakeUps.send(.runs)
        await wakeUps.send(.workers)
        return deleted
    }
}
