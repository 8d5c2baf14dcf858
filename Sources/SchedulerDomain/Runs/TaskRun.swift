public import SchedulerErrors

/// One firing of a task, from its creation to its end.
public struct TaskRun: Sendable, Hashable, Identifiable {
    public var id: RunID
    public var tenant: TenantID
    public var task: TaskID
    public var taskVersion: Int
    /// The queue that carries it.
    public var taskType: String
    public var priority: Priority
    public var concurrencyKey: String?
    public var overrides: RunOverrides
    public var status: TaskRunStatus
    public var trigger: TriggerType
    /// Who or what triggered it; nil for a schedule.
    public var triggeredBy: String?
    /// The fire time: the instant the run was meant for.
    ///
    /// It never changes.
    public var scheduledAt: UTCInstant
    /// Not picked before this time; a retry moves it.
    public var dueAt: UTCInstant
    public var dispatchedAt: UTCInstant?
    /// When the latest attempt started.
    public var startedAt: UTCInstant?
    public var completedAt: UTCInstant?
    /// How many attempts were started; the fencing token of the latest.
    public var attempt: Int
    /// The last attempt that was judged.
    public var settledAttempt: Int
    /// What spends the retry budget; `retry_count` on the wire.
    public var failures: Int
    /// Hand-backs that are free.
    public var interruptions: Int
    /// How often its worker was lost while it ran.
    public var crashes: Int
    public var worker: WorkerID?
    public var cancelRequestedAt: UTCInstant?
    /// 0–100.
    public var progress: Int
    public var workflow: RunID?
    /// W3C `traceparent` of the request that created it.
    public var traceContext: String?
    public var result: JSONValue?
    public var exitCode: Int?
    public var errorType: ErrorType?
    public var errorMessage: String?
    /// Where the error happened, in the words of the task's language.
    public var errorStack: String?
    /// The most memory that its last attempt held at once, in MiB (2^20 bytes); nil where nobody measured it.
    public var memoryPeakMegabytes: Int?
    /// The time that its last attempt computed, in whole milliseconds; nil where nobody measured it.
    public var cpuTime: Duration?
    public var createdAt: UTCInstant
    public var updatedAt: UTCInstant

    public init(
        id: RunID,
        tenant: TenantID = .default,
        task: TaskID,
        taskVersion: Int = 1,
        taskType: String = "shell",
        priority: Priority = .normal,
        concurrencyKey: String? = nil,
        overrides: RunOverrides = .none,
        status: TaskRunStatus = .pending,
        trigger: TriggerType = .manual,
        triggeredBy: String? = nil,
        scheduledAt: UTCInstant,
        dueAt: UTCInstant,
        dispatchedAt: UTCInstant? = nil,
        startedAt: UTCInstant? = nil,
        completedAt: UTCInstant? = nil,
        attempt: Int = 0,
        settledAttempt: Int = 0,
        failures: Int = 0,
        interruptions: Int = 0,
        crashes: Int = 0,
        worker: WorkerID? = nil,
        cancelRequestedAt: UTCInstant? = nil,
        progress: Int = 0,
        workflow: RunID? = nil,
        traceContext: String? = nil,
        result: JSONValue? = nil,
        exitCode: Int? = nil,
        errorType: ErrorType? = nil,
        errorMessage: String? = nil,
        errorStack: String? = nil,
        memoryPeakMegabytes: Int? = nil,
        cpuTime: Duration? = nil,
        createdAt: UTCInstant,
        updatedAt: UTCInstant
    ) {
        self.id = id
        self.tenant = tenant
        self.task = task
        self.taskVersion = taskVersion
        self.taskType = taskType
        self.priority = priority
        self.concurrencyKey = concurrencyKey
        self.overrides = overrides
        self.status = status
        self.trigger = trigger
        self.triggeredBy = triggeredBy
        self.scheduledAt = scheduledAt
        self.dueAt = dueAt
        self.dispatchedAt = dispatchedAt
        self.startedAt = startedAt
        self.completedAt = completedAt
        self.attempt = attempt
        self.settledAttempt = settledAttempt
        self.failures = failures
        self.interruptions = interruptions
        self.crashes = crashes
        self.worker = worker
        self.cancelRequestedAt = cancelRequestedAt
        self.progress = progress
        self.workflow = workflow
        self.traceContext = traceContext
        self.result = result
        self.exitCode = exitCode
        self.errorType = errorType
        self.errorMessage = errorMessage
        self.errorStack = errorStack
        self.memoryPeakMegabytes = memoryPeakMegabytes
        self.cpuTime = cpuTime
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }

    /// How long the latest attempt took; nil before the end or where nothing started.
    public var duration: Duration? {
        guard let startedAt, let completedAt else { return nil }
        return startedAt.duration(to: completedAt)
    }
}
