/// Runs that are dispatched or running and have all of this in common.
public struct RunsUnderWay: Sendable, Hashable {
    public var tenant: TenantID
    public var task: TaskID
    public var taskType: String
    public var concurrencyKey: String?
    /// Where they run; nil for those that are on their way.
    public var worker: WorkerID?
    public var count: Int
    /// They were on two lost workers, each of them.
    public var isSuspect: Bool

    public init(
        tenant: TenantID = .default,
        task: TaskID,
        taskType: String,
        concurrencyKey: String? = nil,
        worker: WorkerID? = nil,
        count: Int,
        isSuspect: Bool = false
    ) {
        self.tenant = tenant
        self.task = task
        self.taskType = taskType
        self.concurrencyKey = concurrencyKey
        self.worker = worker
        self.count = count
        self.isSuspect = isSuspect
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
