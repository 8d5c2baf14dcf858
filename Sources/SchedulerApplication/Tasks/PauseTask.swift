public import SchedulerDomain
import SchedulerErrors

/// Stops a task from firing by itself until it is resumed; it can still be triggered by hand.
///
/// Runs that are under way go on; those that wait are held until the task is resumed, except what was asked for by hand.
public struct PauseTask: Sendable {
    private let editor: TaskEditor

    public init(store: any SchedulerStore, decider: FireTimesDecider = FireTimesDecider()) {
        editor = TaskEditor(store: store, decider: decider)
    }

    /// Pauses an active task; one that is paused already stays as it is.
    ///
    /// - Throws: `notFound`; `conflict` for a draft or an ended task, which does not fire anyway.
    public func callAsFunction(_ id: TaskID, tenant: TenantID = .default) async throws -> TaskDefinition {
        try await editor.edit(id, tenant: tenant) { task, _ in
            switch task.status {
            case .paused: return nil
            case .active: return TaskEditor.Change(spec: task.spec, status: .paused, reschedules: false)
            case .created, .inactive:
                throw SchedulerError(
                    .conflict, "task \(id) is \(task.status.rawValue); only an active task can be paused")
            }
        }
    }
}
