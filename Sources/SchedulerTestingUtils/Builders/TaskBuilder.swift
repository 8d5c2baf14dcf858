public import SchedulerDomain

/// Builds a task step by step, valid at every step.
public struct TaskBuilder: Sendable {
    private var task: TaskDefinition

    public init(id: TaskID = TaskID(1), name: String = "task", at now: UTCInstant = VirtualClock.start) {
        task = TaskDefinition(id: id, spec: .fixture(name: name), createdAt: now, updatedAt: now)
    }

    public func schedule(_ expression: String, timezone: String = "UTC", next: UTCInstant? = nil) -> TaskBuilder {
        with {
            $0.spec.schedule = expression
            $0.spec.timezone = timezone
            $0.nextRunAt = next
        }
    }

    public func status(_ status: TaskStatus) -> TaskBuilder { with { $0.status = status } }
    public func priority(_ priority: Priority) -> TaskBuilder { with { $0.spec.priority = priority } }
    public func maxConcurrent(_ count: Int) -> TaskBuilder { with { $0.spec.maxConcurrent = count } }
    public func maxExecutions(_ count: Int64?) -> TaskBuilder { with { $0.spec.maxExecutions = count } }
    public func executionCount(_ count: Int64) -> TaskBuilder { with { $0.executionCount = count } }
    public func retryPolicy(_ policy: RetryPolicy) -> TaskBuilder { with { $0.spec.retryPolicy = policy } }
    public func version(_ version: Int) -> TaskBuilder { with { $0.version = version } }

    /// Changes anything else.
    public func with(_ change: (inout TaskDefinition) -> Void) -> TaskBuilder {
        var copy = self
        change(&copy.task)
        return copy
    }

    public func build() -> TaskDefinition { task }
}
