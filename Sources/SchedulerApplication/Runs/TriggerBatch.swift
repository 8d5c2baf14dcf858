public import SchedulerDomain
import SchedulerErrors
public import SchedulerFoundation

/// Makes up to 1,000 runs in one transaction: all or none.
public struct TriggerBatch: Sendable {
    private let tasks: any TaskRepository
    private let enqueue: EnqueueRuns
    private let clock: any SchedulerClock

    public init(tasks: any TaskRepository, enqueue: EnqueueRuns, clock: any SchedulerClock = SystemClock()) {
        self.tasks = tasks
        self.enqueue = enqueue
        self.clock = clock
    }

    /// - Precondition: `body` has 1 to `BatchBody.limit` entries.
    /// - Returns: the runs in the order of the entries.
    /// - Throws: `notFound` with each entry whose task does not exist; `conflict` for a draft or ended task.
    public func callAsFunction(
        _ body: BatchBody, tenant: TenantID = .default, by trigger: String? = nil, traceContext: String? = nil
    ) async throws -> [TaskRun] {
        precondition((1...BatchBody.limit).contains(body.entries.count), "a batch has 1 to 1,000 runs")
        let now = clock.now
        let runs = body.entries.map { entry in
            NewRun(
                id: RunID(at: now), tenant: tenant, task: entry.task,
                overrides: RunOverrides(arguments: entry.arguments), trigger: .manual, triggeredBy: trigger,
                traceContext: traceContext)
        }
        do {
            return try await enqueue(runs)
        } catch let error as SchedulerError where error.code == .notFound {
            throw try await naming(missingIn: body, tenant: tenant, instead: error)
        }
    }

    /// The store names the first missing task only; the caller is told of all.
    private func naming(
        missingIn body: BatchBody, tenant: TenantID, instead error: SchedulerError
    ) async throws -> SchedulerError {
        let known = Set(try await tasks.find(Array(Set(body.entries.map(\.task))), tenant: tenant).map(\.id))
        let faults = body.entries.enumerated().filter { !known.contains($0.element.task) }.prefix(100).map {
            SchedulerError.FieldFault(
                field: "runs.\($0.offset).task_id", message: "task \($0.element.task) does not exist")
        }
        return SchedulerError(.notFound, error.message, faults: Array(faults), underlying: error)
    }
}
