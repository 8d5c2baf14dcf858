import SchedulerDomain
import Synchronization

/// What an attempt's process says to the scheduler among its output: progress goes on at once, the last result and the
/// last error are kept, all else is a line of the log.
final class OutputNotes: Sendable {
    private struct Kept {
        var result: JSONValue?
        var error: TaskResult.Failure?
    }

    private let output: any RunOutput
    private let kept = Mutex(Kept())

    init(_ output: any RunOutput) { self.output = output }

    /// Nil where it gave none.
    var result: JSONValue? { kept.withLock { $0.result } }
    /// The class that it wants its failure to have; the message is empty where it gave none.
    var error: TaskResult.Failure? { kept.withLock { $0.error } }

    func take(_ line: String, from stream: LogStream) {
        switch OutputDirective(line) {
        case nil: output.write(line, to: stream)
        case .progress(let percent): output.progress(percent)
        case .result(let value): kept.withLock { $0.result = value }
        case .error(let type, let message):
            kept.withLock { $0.error = TaskResult.Failure(type, message ?? "") }
            if let message { output.write(message, to: stream) }
        }
    }
}
