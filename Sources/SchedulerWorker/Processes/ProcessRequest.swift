/// A process that is to be started.
struct ProcessRequest: Sendable {
    /// Paths of the program, tried in order until one can be executed; a relative one counts from the working
    /// directory.
    var candidates: [String]
    /// `argv`, the program's name first.
    var arguments: [String]
    /// `NAME=value` each.
    var environment: [String]
    /// Nil: the worker's.
    var workingDirectory: String?
}

/// How a process ended, and what it said.
struct ProcessOutcome: Sendable {
    enum Ending: Sendable, Equatable {
        case exited(Int)
        case killed(signal: Int32)
    }

    var ending: Ending
    var standardOutput: CapturedOutput
    var standardError: CapturedOutput
    /// Whether it was told to stop before it ended.
    var wasStopped: Bool
    /// Of the leader and the children that it waited for.
    var cpuTime: Duration
    var peakMemoryBytes: Int64
}
