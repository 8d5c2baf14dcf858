public import SchedulerErrors

/// What one attempt came to, as its worker reports it: a fact that exists only in the worker until it is settled.
public struct RunOutcome: Sendable, Hashable {
    public var attempt: RunAttempt
    public var worker: WorkerID
    public var ending: Ending
    public var startedAt: UTCInstant
    public var endedAt: UTCInstant
    /// Text in it is valid UTF-8 without NUL; the executor sees to that.
    public var result: JSONValue?
    public var exitCode: Int?
    public var errorMessage: String?
    /// Where the error happened, in the words of the task's language.
    public var errorStack: String?
    /// What it used; nil where nobody measured it.
    public var usage: ResourceUsage?
    /// How long a run that is handed back waits before it is picked again.
    public var returnDelay: Duration

    public enum Ending: Sendable, Hashable {
        case success
        /// Spends the retry budget.
        case failure(ErrorType)
        /// The attempt ran into the run's own time limit; spends the retry budget, and ends as `timeout`.
        case timeout
        /// Handed back by its worker; free.
        case interruption
    }

    public init(
        attempt: RunAttempt,
        worker: WorkerID,
        ending: Ending,
        startedAt: UTCInstant,
        endedAt: UTCInstant,
        result: JSONValue? = nil,
        exitCode: Int? = nil,
        errorMessage: String? = nil,
        errorStack: String? = nil,
        usage: ResourceUsage? = nil,
        returnDelay: Duration = .zero
    ) {
        self.attempt = attempt
        self.worker = worker
        self.ending = ending
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.result = result
        self.exitCode = exitCode
        self.errorMessage = errorMessage
        self.errorStack = errorStack
        self.usage = usage
        self.returnDelay = returnDelay
    }

    /// The class of the error; nil for a success and an interruption.
    public var errorType: ErrorType? {
        switch ending {
        case .success, .interruption: nil
        case .failure(let type): type
        case .timeout: .timeout
        }
    }
}

extension RunOutcome {
    /// What the leader says of an attempt that runs beyond its time and that its worker does not know.
    public static func forgotten(
        _ attempt: RunAttempt, worker: WorkerID, startedAt: UTCInstant, now: UTCInstant
    ) -> RunOutcome {
        RunOutcome(
            attempt: attempt, worker: worker, ending: .timeout, startedAt: startedAt, endedAt: now,
            errorMessage: "exceeded its time limit, and its worker does not know of it")
    }
}
