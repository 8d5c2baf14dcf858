/// Executes attempts of one kind of task: the documented `TaskExecutor`.
public protocol RunExecutor: Sendable {
    /// The name that tasks refer to.
    var name: String { get }

    /// Whether it takes tasks of the type.
    func supports(taskType: String) -> Bool

    /// Executes one attempt to its end and says what came of it; a failure of the task is a result, not an error.
    ///
    /// Ends soon after the surrounding Swift task is cancelled, leaving nothing behind.
    /// - Throws: `CancellationError` when cancelled; `validation` where the task cannot be executed as it is.
    func execute(_ run: RunContext) async throws -> TaskResult
}

/// What an executor is told about the attempt.
public struct RunContext: Sendable {
    public var attempt: RunAttempt
    public var tenant: TenantID
    public var task: TaskID
    /// The task with the run's overrides applied.
    public var spec: TaskSpec
    public var scheduledAt: UTCInstant
    /// How the runs ended that this one waited for; empty where it depends on none.
    public var upstreams: [UpstreamResult]
    public var traceContext: String?
    /// The longest time that is left for the attempt.
    public var timeout: Duration
    /// Where the attempt says what it does while it runs.
    public var output: any RunOutput

    public init(
        attempt: RunAttempt,
        tenant: TenantID,
        task: TaskID,
        spec: TaskSpec,
        scheduledAt: UTCInstant,
        upstreams: [UpstreamResult] = [],
        traceContext: String? = nil,
        timeout: Duration,
        output: any RunOutput = SilentOutput()
    ) {
        self.attempt = attempt
        self.tenant = tenant
        self.task = task
        self.spec = spec
        self.scheduledAt = scheduledAt
        self.upstreams = upstreams
        self.traceContext = traceContext
        self.timeout = timeout
        self.output = output
    }
}

/// The executors of one worker, by name; changed at run time, while runs under way finish on the old one.
public protocol ExecutorRegistry: Sendable {
    /// Adds an executor or replaces the one of the same name.
    func register(_ executor: any RunExecutor)
    func executor(named name: String) -> (any RunExecutor)?
    /// The names, sorted.
    var names: [String] { get }
}
