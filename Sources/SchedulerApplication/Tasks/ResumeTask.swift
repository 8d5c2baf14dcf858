public import SchedulerDomain
import SchedulerErrors

/// Lets a paused task, a draft or a stopped task fire by its schedule, from now on: what was missed stays missed.
///
/// Runs that waited while the task was paused start as the limits allow.
public struct ResumeTask: Sendable {
    private let editor: TaskEditor
    private let zones: any ZoneCatalog

    public init(store: any SchedulerStore, decider: FireTimesDecider = FireTimesDecider()) {
        editor = TaskEditor(store: store, decider: decider)
        zones = decider.zones
    }

    /// Resumes a task; one that is active already stays as it is.
    ///
    /// - Throws: `notFound`; `conflict` for a task that has had all its runs or whose schedule is over.
    public func callAsFunction(_ id: TaskID, tenant: TenantID = .default) async throws -> TaskDefinition {
        try await editor.edit(id, tenant: tenant) { task, now in
            guard task.status != .active else { return nil }
            if let most = task.spec.maxExecutions, task.executionCount >= most {
                throw SchedulerError(.conflict, "task \(id) has had its \(most) runs; raise max_executions first")
            }
            if let times = try FireTimes(of: task.spec, zones: zones), times.next(after: now) == nil {
                throw SchedulerError(.conflict, "the schedule of task \(id) is over; change schedule or end_date first")
            }
            return TaskEditor.Change(spec: task.spec, status: .active, reschedules: true)
        }
    }
}
