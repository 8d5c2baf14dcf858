public import SchedulerDomain
import SchedulerErrors
public import SchedulerFoundation

/// Makes one run of a task now, whatever its schedule says.
public struct TriggerTask: Sendable {
    private let tasks: any TaskRepository
    private let enqueue: EnqueueRuns
    private let clock: any SchedulerClock

    public init(tasks: any TaskRepository, enqueue: EnqueueRuns, clock: any SchedulerClock = SystemClock()) {
        self.tasks = tasks
        self.enqueue = enqueue
        self.clock = clock
    }

    /// - Parameters:
    ///   - trigger: who asks, for `triggered_by`.
    ///   - traceContext: the `traceparent` of the request.
    /// - Throws: `notFound`; `conflict` for a draft or ended task; `validation` where an override does not fit.
    public func callAsFunction(
        _ id: TaskID,
        _ body: TriggerBody = .empty,
        tenant: TenantID = .default,
        by trigger: String? = nil,
        traceContext: String? = nil
    ) async throws -> TaskRun {
        if body.overrides.config != nil {
            // Only then the task is read first: the store itself checks that it exists and may run.
            let spec = body.overrides.applied(to: try await tasks.find(id, tenant: tenant).spec)
            let faults = ExecutorKind(spec.executor).faults(of: spec)
            guard faults.isEmpty else { throw SchedulerError.invalid(faults) }
        }
        let run = NewRun(
            id: RunID(at: clock.now), tenant: tenant, task: id, overrides: body.overrides, trigger: .manual,
            triggeredBy: trigger, traceContext: traceContext)
        guard let created = try await enqueue([run]).first else {
            throw SchedulerError(.internal, "the store returned no run for a trigger")
        }
        return created
    }
}
