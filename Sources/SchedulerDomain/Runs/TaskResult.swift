public import SchedulerErrors

/// What an executor made of one attempt.
public struct TaskResult: Sendable, Hashable {
    public var success: Bool
    /// What the run keeps as its result.
    public var result: JSONValue?
    /// The exit status of a process, the status code of an HTTP call.
    public var exitCode: Int?
    public var stdout: String
    public var stderr: String
    public var executionTime: Duration
    public var startedAt: UTCInstant
    public var completedAt: UTCInstant
    public var metadata: [String: JSONValue]
    /// What it used; nil where nobody measured it.
    public var usage: ResourceUsage?
    /// Why it failed; nil for a success.
    public var error: Failure?

    public struct Failure: Sendable, Hashable {
        public var type: ErrorType
        public var message: String
        /// Where it happened, in the words of the task's language; nil where it did not say.
        public var stack: String?

        public init(_ type: ErrorType, _ message: String, stack: String? = nil) {
            self.type = type
            self.message = message
            self.stack = stack
        }
    }

    public init(
        success: Bool,
        result: JSONValue? = nil,
        exitCode: Int? = nil,
        stdout: String = "",
        stderr: String = "",
        startedAt: UTCInstant,
        completedAt: UTCInstant,
        metadata: [String: JSONValue] = [:],
        usage: ResourceUsage? = nil,
        error: Failure? = nil
    ) {
        self.success = success
        self.result = result
        self.exitCode = exitCode
        self.stdout = stdout
        self.stderr = stderr
        self.startedAt = startedAt
        self.completedAt = completedAt
        executionTime = startedAt.duration(to: completedAt)
        self.metadata = metadata
        self.usage = usage
        self.error = error
    }
}

/// What an attempt used of its worker's machine.
public struct ResourceUsage: Sendable, Hashable {
    /// The time that its processes computed, in user and system mode together.
    public var cpuTime: Duration
    /// The most memory that it held at once, in bytes.
    public var peakMemoryBytes: Int64

    public init(cpuTime: Duration, peakMemoryBytes: Int64) {
        self.cpuTime = cpuTime
        self.peakMemoryBytes = peakMemoryBytes
    }

    /// As stored with a run: MiB, rounded up.
    public var peakMemoryMegabytes: Int { Int((peakMemoryBytes + 1_048_575) / 1_048_576) }
}
