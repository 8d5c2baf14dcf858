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

    /// Runs a process whose output is the task's: its lines are the log, directives among them say more.
    func execute(_ run: RunContext, _ program: TaskProgram) async throws -> TaskResult {
        let notes = OutputNotes(run.output)
        let finished = try await start(run, program) { stream, line in notes.take(line, from: stream) }
        return finished.result(result: notes.result, declared: notes.error)
    }

    /// Starts a process for an attempt and waits for its end.
    ///
    /// - Parameter onLine: called with each line of output on the thread that reads all output: it must return at once.
    /// - Throws: beside what `ProcessRunner.run` does, `FencedProcess`.
    func start(
        _ run: RunContext, _ program: TaskProgram, onLine: @escaping @Sendable (LogStream, String) -> Void
    ) async throws -> FinishedProcess {
        var variables = try environment.variables(of: run, as: runner.settings.user)
        variables.merge(program.environment) { $1 }
        guard !program.arguments.contains(where: { $0.utf8.contains(0) }),
            run.spec.workingDirectory?.utf8.contains(0) != true
        else { throw SchedulerError.invalid("command", "command, arguments and directory hold no NUL") }
        let candidates = program.candidates(variables["PATH"] ?? "")
        let startedAt = clock.now
        let outcome = try await UpstreamFile.with(run.upstreams, reader: runner.settings.user) { file in
            if let file { variables[UpstreamFile.variable] = file }
            return try await runner.run(
                ProcessRequest(
                    candidates: candidates, arguments: program.arguments,
                    environment: variables.map { "\($0.key)=\($0.value)" },
                    workingDirectory: run.spec.workingDirectory, standardInput: program.input,
                    limits: run.spec.limits, onLine: onLine))
        }
        if outcome.wasFenced { throw FencedProcess() }
        return FinishedProcess(outcome: outcome, limits: run.spec.limits, startedAt: startedAt, completedAt: clock.now)
    }
}

/// An executor whose work is a process: its keeper ends it where the worker cannot.
protocol KeptExecutor: RunExecutor {}

/// The keeper ended the process because the worker's lease was about to end.
struct FencedProcess: Error {}

/// What an executor of processes makes of a task.
struct TaskProgram: Sendable {
    /// Where the program may be, given the task's own `PATH`; tried in order.
    var candidates: @Sendable (_ path: String) -> [String]
    /// `argv`.
    var arguments: [String]
    /// Beside the task's own.
    var environment: [String: String] = [:]
    /// What it reads from its standard input; empty: nothing.
    var input: [UInt8] = []

    /// A program that is always at the same place.
    ///
    /// - Parameter arguments: `argv`, its name included.
    init(at path: String, _ arguments: [String]) {
        candidates = { _ in [path] }
        self.arguments = arguments
    }

    /// A program as `PATH` finds it, or at the path that the name is.
    ///
    /// - Parameter arguments: without its name.
    init(_ name: String, _ arguments: [String]) {
        candidates = { TaskProgram.candidates(for: name, path: $0) }
        self.arguments = [name] + arguments
    }

    /// An empty entry of `PATH` means the working directory (POSIX, Base Definitions 8.3).
    private static func candidates(for name: String, path: String) -> [String] {
        guard !name.contains("/") else { return [name] }
        return path.split(separator: ":", omittingEmptySubsequences: false).map { folder in
            folder.isEmpty ? "./\(name)" : "\(folder)/\(name)"
        }
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
