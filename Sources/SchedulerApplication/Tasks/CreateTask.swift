public import SchedulerDomain
import SchedulerErrors

/// Creates a task from a body.
public struct CreateTask: Sendable {
    private let store: any SchedulerStore

    public init(store: any SchedulerStore) { self.store = store }

    /// - Parameter creator: who creates it, for `created_by`.
    /// - Throws: `validation` with every fault of the body; `alreadyExists` where the name is taken.
    public func callAsFunction(
        _ body: TaskBody, tenant: TenantID = .default, creator: String? = nil
    ) async throws -> TaskDefinition {
        let (spec, status) = try body.draft()
        let first = try FireTimes(of: spec)?.firstFire(after: try await store.now(), of: spec)
        let draft = TaskDraft(
            tenant: tenant, spec: spec, status: status, createdBy: creator, nextRunAt: status == .active ? first : nil)
        guard let task = try await store.tasks.create([draft]).first else {
            throw SchedulerError(.internal, "the store returned no task for a draft")
        }
        await store.wakeUps.send(.tasks)
        return task
    }
}

extension FireTimes {
    /// Returns the first fire time after a change of the task.
    ///
    /// - Throws: `validation` where there is none, since nobody means a schedule that never fires.
    func firstFire(after now: UTCInstant, of spec: TaskSpec) throws -> UTCInstant {
        if let first = next(after: now) { return first }
        if let end = spec.endDate, end <= now {
            throw SchedulerError.invalid("end_date", "lies in the past, so the schedule would never fire")
        }
        throw SchedulerError.invalid(
            "schedule", "never fires" + (spec.endDate == nil ? "" : " between now (or start_date) and end_date"))
    }
}
