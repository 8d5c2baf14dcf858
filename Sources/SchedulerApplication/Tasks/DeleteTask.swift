public import SchedulerDomain
import SchedulerErrors

/// Deletes a task: it fires no more and its pending runs are cancelled; its history stays.
public struct DeleteTask: Sendable {
    private let tasks: any TaskRepository
    private let wakeUps: any WakeUps

    public init(tasks: any TaskRepository, wakeUps: any WakeUps) {
        self.tasks = tasks
        self.wakeUps = wakeUps
    }

    /// - Throws: `notFound`.
    public func callAsFunction(_ id: TaskID, tenant: TenantID = .default) async throws {
        guard try await tasks.delete([id], tenant: tenant).contains(id) else {
            throw SchedulerError(.notFound, "task \(id) does not exist")
        }
        await wakeUps.send(.tasks)
    }
}
