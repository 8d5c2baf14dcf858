import SchedulerDomain
import SchedulerErrors
public import SchedulerFoundation

/// What the executors of processes share: starting one for an attempt, and reading its end.
public struct TaskProcess: Sendable {
    private let runner: ProcessRunner
    private let environment: TaskEnvironment
    private let clock: any SchedulerClock

    public init(runner: ProcessRunner, environment: TaskEnvironment, clock: any SchedulerClock = SystemClock()) {
        self.runner = runner
        self.environment = environment
        self.clock = clock
    }

    /// - Parameters:
    ///   - candidates: where the program may be, given the task's own `PATH`.
    ///   - arguments: `argv`.
    func execute(
        _ run: RunContext, arguments: [String], candidates: (_ path: String) -> [String]
    ) async throws -> TaskResult {
        guard !arguments.contains(where: { $0.utf8.contains(0) }), run.spec.workingDirectory?.utf8.contains(0) != true
        else { throw SchedulerError.invalid("command", "command, arguments and directory hold no NUL") }
        var variables = try environment.variables(of: run)
        let paths = candidates(variables["PATH"] ?? "")
        let startedAt = clock.now
        let outcome = try await UpstreamFile.with(run.upstreams) { file in
            if let file { variables[UpstreamFile.variable] = file }
            return try await runner.run(
                ProcessRequest(
                    candidates: paths, arguments: arguments,
                    environment: variables.map { "\($0.key)=\($0.value)" },
                    workingDirectory: run.spec.workingDirectory))
        }
        return TaskProcess.result(of: outcome, startedAt: startedAt, completedAt: clock.now)
    }

    /// A killed process counts 128 and the signal's number as its exit code, as shells do.
    static func result(of outcome: ProcessOutcome, startedAt: UTCInstant, completedAt: UTCInstant) -> TaskResult {
        let code: Int
        var message: String?
        switch outcome.ending {
        case .exited(let status):
            code = status
            if status != 0 { message = "exited with \(status)" }
        case .killed(let signal):
            code = 128 + Int(signal)
            message = "killed by signal \(signalName(signal))"
        }
        // A process that was told to stop did not do its work, whatever code it chose to leave with.
        if outcome.wasStopped { message = "stopped: \(message ?? "exited with 0")" }
        return TaskResult(
            success: message == nil,
            result: [
                "stdout": .string(outcome.standardOutput.text(limit: CapturedOutput.resultLimit)),
                "stderr": .string(outcome.standardError.text(limit: CapturedOutput.resultLimit)),
                "exitCode": .integer(Int64(code)),
            ],
            exitCode: code,
            stdout: outcome.standardOutput.text(),
            stderr: outcome.standardError.text(),
            startedAt: startedAt,
            completedAt: completedAt,
            usage: ResourceUsage(cpuTime: outcome.cpuTime, peakMemoryBytes: outcome.peakMemoryBytes),
            error: message.map { TaskResult.Failure(.system, $0) })
    }
}

extension RunContext {
    /// The task's arguments as text: strings as they are, null as nothing, all else as JSON.
    var textArguments: [String] {
        spec.arguments.map { argument in
            switch argument {
            case .string(let text): text
            case .null: ""
            default: argument.text
            }
        }
    }
}
