/// The part of a task that its author writes, and that a version keeps unchanged.
public struct TaskSpec: Sendable, Hashable, Codable {
    /// 1–255 characters, unique in its tenant among the undeleted.
    public var name: String
    public var description: String?
    /// The queue that carries its runs: `task.<task_type>`.
    public var taskType: String
    /// The name of the executor that runs it.
    public var executor: String
    /// What to execute; nil where `config` holds all.
    public var command: String?
    public var arguments: [JSONValue]
    public var environment: [String: String]
    public var workingDirectory: String?
    /// What the executor needs beside the command; its shape belongs to the executor.
    public var config: JSONValue
    /// A cron expression; nil: by hand or by dependency only.
    public var schedule: String?
    /// An IANA zone name.
    public var timezone: String
    public var priority: Priority
    public var retryPolicy: RetryPolicy
    /// The longest time of one attempt, in seconds; at most 86,400.
    public var timeoutSeconds: Int
    /// What one attempt may use.
    public var limits: ResourceLimits
    /// How many runs may be dispatched or running at once; 0 means without limit.
    public var maxConcurrent: Int
    /// Runs of all tasks with this key share one limit; nil for none.
    public var concurrencyKey: String?
    /// No fire time before this one.
    public var startDate: UTCInstant?
    /// No fire time after this one.
    public var endDate: UTCInstant?
    /// How many runs the task may ever have; nil without limit.
    public var maxExecutions: Int64?
    public var misfirePolicy: MisfirePolicy
    /// The most missed fire times that `fire_all` makes up for.
    public var misfireLimit: Int
    /// The age, in seconds, beyond which a missed fire time is never made up for.
    public var misfireWindowSeconds: Int
    public var overlapPolicy: OverlapPolicy
    /// Runs become due up to so many seconds after their fire time, the same for the same fire time; 0 for none.
    public var jitterSeconds: Int
    public var gapPolicy: GapPolicy
    public var repeatPolicy: RepeatPolicy
    /// Tasks that must have ended before this one runs; empty: it does not depend on any.
    public var dependencies: [TaskDependency]
    public var tags: [String]
    public var metadata: JSONValue

    enum CodingKeys: String, CodingKey {
        case name, description, executor, command, arguments, environment, config, schedule, timezone, priority, tags
        case metadata, dependencies, limits
        case taskType = "task_type"
        case workingDirectory = "working_directory"
        case retryPolicy = "retry_policy"
        case timeoutSeconds = "timeout_seconds"
        case maxConcurrent = "max_concurrent"
        case concurrencyKey = "concurrency_key"
        case startDate = "start_date"
        case endDate = "end_date"
        case maxExecutions = "max_executions"
        case misfirePolicy = "misfire_policy"
        case misfireLimit = "misfire_limit"
        case misfireWindowSeconds = "misfire_window_seconds"
        case overlapPolicy = "overlap_policy"
        case jitterSeconds = "jitter_seconds"
        case gapPolicy = "dst_gap"
        case repeatPolicy = "dst_overlap"
    }

    public init(
        name: String,
        description: String? = nil,
        taskType: String,
        executor: String,
        command: String? = nil,
        arguments: [JSONValue] = [],
        environment: [String: String] = [:],
        workingDirectory: String? = nil,
        config: JSONValue = .object([:]),
        schedule: String? = nil,
        timezone: String = "UTC",
        priority: Priority = .normal,
        retryPolicy: RetryPolicy = RetryPolicy(),
        timeoutSeconds: Int = 3_600,
        limits: ResourceLimits = ResourceLimits(),
        maxConcurrent: Int = 1,
        concurrencyKey: String? = nil,
        startDate: UTCInstant? = nil,
        endDate: UTCInstant? = nil,
        maxExecutions: Int64? = nil,
        misfirePolicy: MisfirePolicy = .fireOnce,
        misfireLimit: Int = 100,
        misfireWindowSeconds: Int = 3_600,
        overlapPolicy: OverlapPolicy = .queue,
        jitterSeconds: Int = 0,
        gapPolicy: GapPolicy = .runAfter,
        repeatPolicy: RepeatPolicy = .first,
        dependencies: [TaskDependency] = [],
        tags: [String] = [],
        metadata: JSONValue = .object([:])
    ) {
        self.name = name
        self.description = description
        self.taskType = taskType
        self.executor = executor
        self.command = command
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.config = config
        self.schedule = schedule
        self.timezone = timezone
        self.priority = priority
        self.retryPolicy = retryPolicy
        self.timeoutSeconds = timeoutSeconds
        self.limits = limits
        self.maxConcurrent = maxConcurrent
        self.concurrencyKey = concurrencyKey
        self.startDate = startDate
        self.endDate = endDate
        self.maxExecutions = maxExecutions
        self.misfirePolicy = misfirePolicy
        self.misfireLimit = misfireLimit
        self.misfireWindowSeconds = misfireWindowSeconds
        self.overlapPolicy = overlapPolicy
        self.jitterSeconds = jitterSeconds
        self.gapPolicy = gapPolicy
        self.repeatPolicy = repeatPolicy
        self.dependencies = dependencies
        self.tags = tags
        self.metadata = metadata
    }
}
