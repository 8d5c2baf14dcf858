public import SchedulerDomain

/// Returns one page of runs, newest first.
public struct ListRuns: Sendable {
    private let runs: any TaskRunRepository

    public init(runs: any TaskRunRepository) { self.runs = runs }

    public func callAsFunction(_ query: TaskRunQuery) async throws -> Page<TaskRun> { try await runs.list(query) }
}
