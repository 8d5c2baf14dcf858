public import SchedulerDomain

extension TaskSpec {
    /// A valid specification; a test names only what matters to it.
    public static func fixture(
        name: String = "task",
        taskType: String = "function",
        executor: String = "function",
        command: String? = "noop",
        arguments: [JSONValue] = [],
        environment: [String: String] = [:],
        config: JSONValue = .object([:]),
        schedule: String? = nil,
        timezone: String = "UTC",
        priority: Priority = .normal,
        retryPolicy: RetryPolicy = RetryPolicy(),
        timeoutSeconds: Int = 60,
        maxConcurrent: Int = 0,
        startDate: UTCInstant? = nil,
        endDate: UTCInstant? = nil,
        maxExecutions: Int64? = nil,
        dependencies: [TaskDependency] = []
    ) -> TaskSpec {
        TaskSpec(
            name: name, taskType: taskType, executor: executor, command: command, arguments: arguments,
            environment: environment, config: config, schedule: schedule, timezone: timezone, priority: priority,
            retryPolicy: retryPolicy, timeoutSeconds: timeoutSeconds, maxConcurrent: maxConcurrent,
            startDate: startDate, endDate: endDate, maxExecutions: maxExecutions,
            dependencies: dependencies)
    }
}
