public import SchedulerDomain
import SchedulerErrors

/// Replaces what a body names and keeps the rest of the task.
public struct UpdateTask: Sendable {
    private let editor: TaskEditor
    private let zones: any ZoneCatalog

    public init(store: any SchedulerStore, decider: FireTimesDecider = FireTimesDecider()) {
        editor = TaskEditor(store: store, decider: decider)
        zones = decider.zones
    }

    /// - Throws: `validation` with every fault of the body; `notFound`; `alreadyExists` where the new name is taken;
    ///   `conflict` where others changed the task each time meanwhile.
    public func callAsFunction(
        _ id: TaskID, _ body: TaskBody, tenant: TenantID = .default
    ) async throws -> TaskDefinition {
        try await editor.edit(id, tenant: tenant) { task, now in
            let spec = try body.replacing(task.spec, zones: zones)
            guard spec != task.spec else { return nil }
            if body.namesSchedule { _ = try TaskDomainService.firstFireTime(of: spec, after: now, zones: zones) }
            return TaskEditor.Change(spec: spec, status: task.status, reschedules: body.namesSchedule)
        }
    }
}
