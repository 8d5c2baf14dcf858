public import SchedulerDomain

/// Builds a worker step by step.
public struct WorkerInfoBuilder: Sendable {
    private var worker: WorkerInfo

    public init(name: String = "worker", at now: UTCInstant = VirtualClock.start) {
        worker = WorkerInfo(
            id: .fresh(at: now), name: name, hostname: "host", taskTypes: ["function"], maxConcurrentTasks: 4,
            lastHeartbeat: now, registeredAt: now, version: "test")
    }

    public func takes(_ types: String...) -> WorkerInfoBuilder { with { $0.taskTypes = types } }
    public func slots(_ count: Int) -> WorkerInfoBuilder { with { $0.maxConcurrentTasks = count } }
    public func status(_ status: WorkerStatus) -> WorkerInfoBuilder { with { $0.status = status } }

    /// Changes anything else.
    public func with(_ change: (inout WorkerInfo) -> Void) -> WorkerInfoBuilder {
        var copy = self
        change(&copy.worker)
        return copy
    }

    public func build() -> WorkerInfo { worker }
}
