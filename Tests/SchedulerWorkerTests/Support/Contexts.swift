import SchedulerDomain
import SchedulerTestingUtils

@testable import SchedulerWorker

extension RunContext {
    /// The first attempt of a run made for a test.
    static func fixture(_ spec: TaskSpec, attempt: Int = 1) -> RunContext {
        RunContext(
            attempt: RunAttempt(run: .next(at: VirtualClock.start), attempt: attempt), tenant: .default,
            task: TaskID(1), spec: spec, scheduledAt: VirtualClock.start, timeout: .seconds(60))
    }

    static func http(_ config: JSONValue, command: String? = nil) -> RunContext {
        .fixture(.fixture(taskType: "http", executor: "http", command: command, config: config))
    }

    static func shell(_ command: String, _ change: (inout TaskSpec) -> Void = { _ in }) -> RunContext {
        var spec = TaskSpec.fixture(taskType: "shell", executor: "shell", command: command)
        change(&spec)
        return .fixture(spec)
    }

    static func command(_ program: String, _ arguments: JSONValue..., change: (inout TaskSpec) -> Void = { _ in })
        -> RunContext
    {
        var spec = TaskSpec.fixture(taskType: "command", executor: "command", command: program, arguments: arguments)
        change(&spec)
        return .fixture(spec)
    }
}

/// Executors of processes as a worker has them, with a grace period short enough for tests.
struct ProcessExecutors {
    let shell: ShellExecutor
    let command: CommandExecutor
    let python: PythonExecutor
    let custom: CustomExecutor
    let runner: ProcessRunner

    init(
        killGrace: Duration = .milliseconds(300), inherited: [String: String]? = nil,
        change: (inout ProcessSettings) -> Void = { _ in }
    ) throws {
        let environment = inherited.map { TaskEnvironment(inherited: $0) } ?? TaskEnvironment()
        var settings = try ProcessSettings.forTests(killGrace: killGrace)
        change(&settings)
        runner = ProcessRunner(settings)
        let processes = TaskProcess(runner: runner, environment: environment)
        shell = ShellExecutor(processes)
        command = CommandExecutor(processes)
        python = PythonExecutor(processes)
        custom = CustomExecutor(processes)
    }
}

extension ProcessSettings {
    /// With the binary that was built beside the tests as the keeper.
    static func forTests(killGrace: Duration) throws -> ProcessSettings {
        ProcessSettings(keeper: KeeperProgram(path: try SchedulerBinary.path()), killGrace: killGrace)
    }
}
