/// What a worker does, how much at once, and how it shows that it lives.
public struct WorkerConfig: Sendable {
    public var name = Defaults.workerName
    /// The worker's slots: how many runs it executes at once.
    public var maxConcurrentTasks = Defaults.maxConcurrentTasks
    public var taskTypes = Defaults.taskTypes
    public var heartbeat = Defaults.heartbeat
    /// How long a silent worker keeps its runs; at least four heartbeats.
    public var lease = Defaults.lease
    /// The time between SIGTERM and SIGKILL for a task that is to end.
    public var killGrace = Defaults.killGrace
    /// The whole budget of a shutdown.
    public var shutdownGrace = Defaults.shutdownGrace
    /// How many outcomes may wait until the store has them; then the worker takes no work.
    public var maxKeptOutcomes = Defaults.maxKeptOutcomes
    public var processes = TaskProcessConfig()
    /// Whether tasks can call `append`, which writes to files with the worker's rights.
    public var appendFunction = Defaults.appendFunction
    /// How much of one attempt's output is kept per second.
    public var logLinesPerSecond = Defaults.logLinesPerSecond
    public var logBytesPerSecond = Defaults.logBytesPerSecond

    public init() {}
}

enum WorkerSettings {
    static let name = Setting(
        "worker.name", default: Defaults.workerName, .text, defaultText: "the host's name",
        "What people call this worker; its identity is a new UUID per process."
    )
    static let maxConcurrentTasks = Setting(
        "worker.max_concurrent_tasks", alias: "SCHEDULER_MAX_CONCURRENT_JOBS", default: Defaults.maxConcurrentTasks,
        .integer(1...100_000), defaultText: "2 × cores, at least 4", "How many runs it executes at once."
    )
    static let taskTypes = Setting(
        "worker.task_types", default: Defaults.taskTypes, .names, "The task types it takes, separated by commas."
    )
    static let heartbeat = Setting(
        "worker.heartbeat_seconds", default: Defaults.heartbeat, .seconds(0.5...300),
        "How often it shows that it lives."
    )
    static let lease = Setting(
        "worker.lease_seconds", default: Defaults.lease, .seconds(3...3_600),
        "After this silence it is offline and its runs go to others; at least four heartbeats. Equal in all processes."
    )
    static let killGrace = Setting(
        "worker.kill_grace_seconds", default: Defaults.killGrace, .seconds(0...300),
        "The time between SIGTERM and SIGKILL for a task that is to end."
    )
    static let shutdownGrace = Setting(
        "worker.shutdown_grace_seconds", default: Defaults.shutdownGrace, .seconds(0...3_600),
        "The whole time of a shutdown; at least the kill grace."
    )
    static let maxKeptOutcomes = Setting(
        "worker.max_kept_outcomes", default: Defaults.maxKeptOutcomes, .integer(1...1_000_000),
        "How many outcomes may wait until the store has them; then, or at 64 MiB, the worker takes no work."
    )
    static let logLinesPerSecond = Setting(
        "worker.log_lines_per_second", default: Defaults.logLinesPerSecond, .integer(1...1_000_000),
        "How many lines of one attempt's output are kept per second, after a burst of two seconds."
    )
    static let logBytesPerSecond = Setting(
        "worker.log_bytes_per_second", default: Defaults.logBytesPerSecond, .integer(1_024...1_073_741_824),
        "How many bytes of one attempt's output are kept per second, after a burst of two seconds."
    )

    static let appendFunction = Setting(
        "worker.append_function", default: Defaults.appendFunction, .flag,
        "Whether tasks can call the function `append`, which writes to any file that the worker may write to; for tests."
    )

    static let all =
        [
            name.summary, maxConcurrentTasks.summary, taskTypes.summary, heartbeat.summary, lease.summary,
            killGrace.summary, shutdownGrace.summary, maxKeptOutcomes.summary, logLinesPerSecond.summary,
            logBytesPerSecond.summary,
        ] + TaskProcessSettings.all + [appendFunction.summary]
}

extension WorkerConfig {
    init(from reader: inout SettingReader) {
        name = reader.read(WorkerSettings.name)
        maxConcurrentTasks = reader.read(WorkerSettings.maxConcurrentTasks)
        taskTypes = reader.read(WorkerSettings.taskTypes)
        heartbeat = reader.read(WorkerSettings.heartbeat)
        lease = reader.read(WorkerSettings.lease)
        killGrace = reader.read(WorkerSettings.killGrace)
        shutdownGrace = reader.read(WorkerSettings.shutdownGrace)
        maxKeptOutcomes = reader.read(WorkerSettings.maxKeptOutcomes)
        processes = TaskProcessConfig(from: &reader)
        appendFunction = reader.read(WorkerSettings.appendFunction)
        logLinesPerSecond = reader.read(WorkerSettings.logLinesPerSecond)
        logBytesPerSecond = reader.read(WorkerSettings.logBytesPerSecond)
        // Fewer beats than four, and one lost statement or a pause of the machine would cost a healthy worker its runs.
        reader.require(
            lease >= heartbeat * 4, WorkerSettings.lease, against: WorkerSettings.heartbeat,
            "must be at least four times"
        )
        reader.require(
            shutdownGrace >= killGrace, WorkerSettings.shutdownGrace, against: WorkerSettings.killGrace,
            "must be at least"
        )
    }
}
