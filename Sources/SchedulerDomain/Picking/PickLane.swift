/// Waiting runs that differ in nothing but their due times: of one task, version, priority and trigger.
///
/// Lanes are ordered as the stores index them.
public struct PickLane: Sendable, Hashable, Codable {
    public var task: TaskID
    public var priority: Priority
    public var version: Int
    public var trigger: TriggerType

    public init(task: TaskID, priority: Priority, version: Int, trigger: TriggerType) {
        self.task = task
        self.priority = priority
        self.version = version
        self.trigger = trigger
    }
}
