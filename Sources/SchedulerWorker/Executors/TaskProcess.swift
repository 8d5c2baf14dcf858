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
        let notes = OutputNotes(run.output)
        let finished = try await start(run, arguments: arguments, candidates: candidates) { stream, line in
            notes.take(line, from: stream)
        }
        return finished.result(result: notes.result, declared: notes.error)
    }

    /// Starts a process for an attempt and waits for its end.
    ///
    /// - Parameters:
    ///   - input: what the process reads from its standard input.
    ///   - onLine: called with each line of output on the thread that reads all output: it must return at once.
    func start(
        _ run: RunContext, arguments: [String], input: [UInt8] = [], candidates: (_ path: String) -> [String],
        onLine: @escaping @Sendable (LogStream, String) -> Void
    ) async throws -> FinishedProcess {
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
                    workingDirectory: run.spec.workingDirectory, standardInput: input, limits: run.spec.limits,
                    onLine: onLine))
        }
        return FinishedProcess(outcome: outcome, limits: run.spec.limits, startedAt: startedAt, completedAt: clock.now)
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
