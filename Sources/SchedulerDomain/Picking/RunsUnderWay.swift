/// Runs that are dispatched or running and have all of this in common.
public struct RunsUnderWay: Sendable, Hashable {
    public var tenant: TenantID
    public var task: TaskID
    public var taskType: String
    public var concurrencyKey: String?
    /// Where they run; nil for those that are on their way.
    public var worker: WorkerID?
    public var count: Int

    public init(
        tenant: TenantID = .default,
        task: TaskID,
        taskType: String,
        concurrencyKey: String? = nil,
        worker: WorkerID? = nil,
        count: Int
    ) {
        self.tenant = tenant
        self.task = task
        self.taskType = taskType
        self.concurrencyKey = concurrencyKey
        self.worker = worker
        self.count = count
    }
}

/// What a task says about how many of its runs may be under way.
public struct TaskLimits: Sendable, Hashable {
    /// 0 means without limit.
    public var maxConcurrent: Int
    public var isPaused: Bool

    public init(maxConcurrent: Int, isPaused: Bool = false) {
        self.maxConcurrent = maxConcurrent
        self.isPaused = isPaused
    }
}
