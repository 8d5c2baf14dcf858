import SchedulerDomain

/// A process that is to be started.
struct ProcessRequest: Sendable {
    /// Paths of the program, tried in order until one can be executed; a relative one counts from the working
    /// directory.
    var candidates: [String]
    /// `argv`, the program's name first.
    var arguments: [String]
    /// `NAME=value` each.
    var environment: [String]
    /// Nil: the keeper's.
    var workingDirectory: String?
    /// What it reads; empty: nothing.
    var standardInput: [UInt8] = []
    var limits = ResourceLimits()
    /// Called with each line of output, in the order of its stream, on the thread that reads all output: it must return
    /// at once.
    var onLine: (@Sendable (LogStream, String) -> Void)?
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
    /// Whether its keeper ended it because the worker's lease was about to end.
    var wasFenced: Bool
    /// Whether the kernel killed it, or part of it, because its control group had no more memory.
    var ranOutOfMemory: Bool
    /// Of the leader and the children that it waited for; of all processes where they have a control group.
    var usage: ResourceUsage
}
