public import Logging
public import SchedulerConfig
public import SchedulerDomain
import SchedulerFoundation

extension WorkerService {
    /// A worker for a service of your own: it takes `function` tasks and calls the functions registered here.
    ///
    /// ```swift
    /// let functions = FunctionRegistry()
    /// functions.register("billing.close") { (month: Month, context: FunctionContext) in try await close(month) }
    /// let worker = WorkerService(name: "billing", functions: functions, store: store, queue: queue, logger: logger)
    /// let group = ServiceGroup(services: [queue, worker, server], gracefulShutdownSignals: [.sigterm], logger: logger)
    /// ```
    ///
    /// A function that does not return although the worker's lease ends would run twice at the same time; so the whole process
    /// is ended then, unless `onUnfenceable` says otherwise (see the other form).
    ///
    /// No process is started; for executors of processes use the other form, with `ExecutorFactory`.
    ///
    /// - Parameters:
    ///   - name: shown in lists of workers.
    ///   - functions: may grow while the worker runs.
    ///   - store: the store of the system, opened in this process.
    ///   - taskTypes: the queues that it consumes. A type of your own (`task_type` of the task) keeps your functions
    ///     from being sent to workers that do not have them.
    ///   - configuration: lease and heartbeat must be those of the system.
    public init(
        name: String = Defaults.workerName,
        functions: FunctionRegistry,
        store: any SchedulerStore,
        queue: any MessageQueue,
        taskTypes: [String] = ["function"],
        configuration: WorkerConfiguration = WorkerConfiguration(slots: Defaults.maxConcurrentTasks),
        onUnfenceable: (@Sendable (_ sentence: String) -> Void)? = nil,
        logger: Logger
    ) {
        self.init(
            identity: WorkerIdentity(name: name, hostname: Defaults.workerName, taskTypes: taskTypes), store: store,
            queue: queue, executors: DefaultExecutorRegistry([FunctionExecutor(functions)]),
            configuration: configuration, onUnfenceable: onUnfenceable, logger: logger)
    }
}
