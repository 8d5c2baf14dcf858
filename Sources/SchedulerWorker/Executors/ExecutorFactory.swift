public import SchedulerFoundation

/// Builds the executors that come with the system, under their names and aliases.
public struct ExecutorFactory: Sendable {
    private let processes: ProcessSettings
    private let environment: TaskEnvironment
    private let functions: FunctionRegistry
    private let clock: any SchedulerClock

    /// - Parameters:
    ///   - processes: how processes are run; without a keeper, tasks that need one fail and say so.
    ///   - environment: what processes inherit.
    ///   - functions: what the `function` executor can call.
    public init(
        processes: ProcessSettings = ProcessSettings(),
        environment: TaskEnvironment = TaskEnvironment(),
        functions: FunctionRegistry = .withBuiltIns(),
        clock: any SchedulerClock = SystemClock()
    ) {
        self.processes = processes
        self.environment = environment
        self.functions = functions
        self.clock = clock
    }

    /// `shell` and its alias `bash`, `command`, `http` and its alias `webhook`, `python`, `function`, `custom`.
    public func makeRegistry() -> DefaultExecutorRegistry {
        let runner = ProcessRunner(processes)
        let processes = TaskProcess(runner: runner, environment: environment, clock: clock)
        return DefaultExecutorRegistry(
            [
                ShellExecutor(processes), ShellExecutor(processes, name: "bash"), CommandExecutor(processes),
                HTTPExecutor(clock: clock), HTTPExecutor(name: "webhook", clock: clock),
                PythonExecutor(processes), FunctionExecutor(functions, clock: clock), CustomExecutor(processes),
            ], enforcer: runner)
    }
}
