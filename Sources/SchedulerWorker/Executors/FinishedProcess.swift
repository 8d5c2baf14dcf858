import Glibc
import SchedulerDomain
import SchedulerErrors

/// A process that has ended, and what that means for its attempt.
struct FinishedProcess: Sendable {
    var outcome: ProcessOutcome
    var limits: ResourceLimits
    var startedAt: UTCInstant
    var completedAt: UTCInstant

    /// A killed process counts 128 and the signal's number as its exit code, as shells do.
    var exitCode: Int {
        switch outcome.ending {
        case .exited(let status): status
        case .killed(let signal): 128 + Int(signal)
        }
    }

    /// Why it failed; nil where it exited with 0 and nobody stopped it.
    var failure: String? {
        if outcome.ranOutOfMemory {
            let limit = limits.maxMemoryMegabytes.map { "max_memory_mb \($0)" } ?? "the memory of its control group"
            return "killed: it needed more memory than \(limit)"
        }
        let message: String? =
            switch outcome.ending {
            case .exited(0): nil
            case .exited(let status): "exited with \(status)"
            case .killed(SIGXCPU): "killed by signal SIGXCPU: it used more CPU time than its max_cpu_seconds"
            case .killed(let signal): "killed by signal \(signalName(signal))"
            }
        // A process that was told to stop did not do its work, whatever code it chose to leave with.
        return outcome.wasStopped ? "stopped: \(message ?? "exited with 0")" : message
    }

    /// - Parameters:
    ///   - result: what the task gave as its result; nil: its output stands for it.
    ///   - declared: the class of a failure, and its words, where the task said so itself.
    func result(result: JSONValue?, declared: TaskResult.Failure?) -> TaskResult {
        let failure = failure.map { message in
            declared.map { TaskResult.Failure($0.type, $0.message.isEmpty ? message : $0.message, stack: $0.stack) }
                ?? TaskResult.Failure(.system, message)
        }
        let stdout = outcome.standardOutput.text()
        let stderr = outcome.standardError.text()
        return TaskResult(
            success: failure == nil,
            result: result
                ?? ["stdout": .string(stdout), "stderr": .string(stderr), "exitCode": .integer(Int64(exitCode))],
            exitCode: exitCode,
            stdout: stdout,
            stderr: stderr,
            startedAt: startedAt,
            completedAt: completedAt,
            usage: outcome.usage,
            error: failure)
    }
}
