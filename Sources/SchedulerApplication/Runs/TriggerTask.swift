public import SchedulerDomain
import SchedulerErrors
public import SchedulerFoundation

/// Makes one run of a task, now or at a time of its own, whatever its schedule says.
public struct TriggerTask: Sendable {
    private let store: any SchedulerStore
    private let enqueue: EnqueueRuns
    private let clock: any SchedulerClock

    public init(store: any SchedulerStore, enqueue: EnqueueRuns, clock: any SchedulerClock = SystemClock()) {
        self.store = store
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
            let spec = body.overrides.applied(to: try await store.tasks.find(id, tenant: tenant).spec)
            let faults = ExecutorKind(spec.executor).faults(of: spec)
            guard faults.isEmpty else { throw SchedulerError.invalid(faults) }
        }
        let run = NewRun(
            id: RunID(at: clock.now), tenant: tenant, task: id, overrides: body.overrides, trigger: .manual,
            triggeredBy: trigger, scheduledAt: try await scheduledAt(body.time), traceContext: traceContext)
        guard let created = try await enqueue([run]).first else {
            throw SchedulerError(.internal, "the store returned no run for a trigger")
        }
        return created
    }

    /// Nil where the store shall take its own time.
    private func scheduledAt(_ time: TriggerBody.Time) async throws -> UTCInstant? {
        switch time {
        case .now: nil
        case .at(let instant): instant
        case .after(let delay): try await store.now().advanced(by: delay)
        }
    }
}
