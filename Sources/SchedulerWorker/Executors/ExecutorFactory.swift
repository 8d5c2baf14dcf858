public import SchedulerFoundation

/// Builds the executors that come with the system, under their names and aliases.
public struct ExecutorFactory: Sendable {
    private let killGrace: Duration
    private let environment: TaskEnvironment
    private let functions: FunctionRegistry
    private let clock: any SchedulerClock

    /// - Parameters:
    ///   - killGrace: how long a process that was told to stop may take before it is killed.
    ///   - environment: what processes inherit.
    ///   - functions: what the `function` executor can call.
    public init(
        killGrace: Duration = .seconds(5),
        environment: TaskEnvironment = TaskEnvironment(),
        functions: FunctionRegistry = .withBuiltIns(),
        clock: any SchedulerClock = SystemClock()
    ) {
        self.killGrace = killGrace
        self.environment = environment
        self.functions = functions
        self.clock = clock
    }

    /// `shell` and its alias `bash`, `command`, `http` and its alias `webhook`, `function`.
    public func makeRegistry() -> DefaultExecutorRegistry {
        let processes = TaskProcess(
            runner: ProcessRunner(killGrace: killGrace), environment: environment, clock: clock)
        return DefaultExecutorRegistry([
            ShellExecutor(processes), ShellExecutor(processes, name: "bash"), CommandExecutor(processes),
            HTTPExecutor(clock: clock), HTTPExecutor(name: "webhook", clock: clock),
            FunctionExecutor(functions, clock: clock),
        ])
    }
}
