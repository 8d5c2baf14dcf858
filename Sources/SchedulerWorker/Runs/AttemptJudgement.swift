import SchedulerDomain
import SchedulerErrors

/// What an attempt came to, given what its executor made of it and why the worker stopped it.
struct AttemptJudgement: Sendable, Equatable {
    /// The longest message that is kept with a run, in characters.
    static let messageLimit = 2_000
    /// The longest stack that is kept with a run, in characters.
    static let stackLimit = 8_000
    /// How long a run waits that this worker cannot execute: the picker knows by then which worker can.
    private static let missingExecutorDelay = Duration.seconds(5)

    var ending: RunOutcome.Ending
    var message: String?
    var result: JSONValue?
    var exitCode: Int?
    var stack: String?
    var usage: ResourceUsage?
    var returnDelay = Duration.zero

    /// A success that arrived before it could be stopped is a success.
    init(_ finished: Result<TaskResult, any Error>, stopped: StopReason?) {
        switch (finished, stopped) {
        case (.success(let result), _) where result.success:
            self.init(.success, nil, result)
        case (.success(let result), .some(let reason)):
            self.init(reason, result)
        case (.failure, .some(let reason)):
            self.init(reason, nil)
        case (.success(let result), nil):
            let failure = result.error ?? TaskResult.Failure(.system, "failed without a reason")
            self.init(.failure(failure.type), failure.message, result)
        case (.failure(let error), nil):
            self.init(error)
        }
    }

    private init(_ reason: StopReason, _ result: TaskResult?) {
        switch reason {
        case .timeout: self.init(.timeout, "exceeded its time limit", result)
        case .cancelRequested: self.init(.interruption, "cancelled on request", result)
        case .drain: self.init(.interruption, "handed back: the worker stops", result)
        case .lost: self.init(.interruption, "handed back: the worker was taken offline", result)
        case .fenced: self.init(.interruption, "handed back: the worker could not renew its lease in time", result)
        }
    }

    private init(_ error: any Error) {
        switch error {
        case let error as MissingExecutor:
            self.init(.interruption, "handed back: this worker has no executor \"\(error.name)\"", nil)
            returnDelay = AttemptJudgement.missingExecutorDelay
        case is FencedProcess: self.init(.fenced, nil)
        case is CancellationError: self.init(.interruption, "handed back: it was cancelled", nil)
        case let error as SchedulerError where error.code == .validation:
            self.init(.failure(.validation), error.message, nil)
        case let error as SchedulerError where error.code == .timeout: self.init(.failure(.timeout), error.message, nil)
        case let error as SchedulerError: self.init(.failure(.system), error.message, nil)
        default: self.init(.failure(.system), "\(error)", nil)
        }
    }

    private init(_ ending: RunOutcome.Ending, _ message: String?, _ result: TaskResult?) {
        self.ending = ending
        self.message = message.map { String($0.withoutNUL.prefix(AttemptJudgement.messageLimit)) }
        self.result = result?.result
        exitCode = result?.exitCode
        stack = result?.error?.stack.map { String($0.withoutNUL.prefix(AttemptJudgement.stackLimit)) }
        usage = result?.usage
    }
}

/// The attempt asks for an executor that this worker does not have, or has no more.
struct MissingExecutor: Error {
    let name: String
}
