public import SchedulerDomain

/// Returns one page of tasks, newest first.
public struct ListTasks: Sendable {
    private let tasks: any TaskRepository

    public init(tasks: any TaskRepository) { self.tasks = tasks }

    public func callAsFunction(_ query: TaskQuery) async throws -> Page<TaskDefinition> {
        try await tasks.list(query)
    }
}
