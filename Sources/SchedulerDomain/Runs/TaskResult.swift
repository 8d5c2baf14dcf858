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
    /// Why it failed; nil for a success.
    public var error: Failure?

    public struct Failure: Sendable, Hashable {
        public var type: ErrorType
        public var message: String

        public init(_ type: ErrorType, _ message: String) {
            self.type = type
            self.message = message
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
        self.error = error
    }
}
