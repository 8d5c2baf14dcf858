/// What waits of one tenant, task type and priority; a store reads it in the order of due times.
public struct PickClass: Sendable, Hashable {
    public var tenant: TenantID
    public var taskType: String
    public var priority: Priority

    public init(tenant: TenantID, taskType: String, priority: Priority) {
        self.tenant = tenant
        self.taskType = taskType
        self.priority = priority
    }
}

extension WaitingRun {
    public var pickClass: PickClass { PickClass(tenant: tenant, taskType: taskType, priority: priority) }
}
