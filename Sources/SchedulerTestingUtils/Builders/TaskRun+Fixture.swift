public import SchedulerDomain

extension TaskRun {
    /// A run of task 1 that is due at the virtual clock's first instant; a test names only what matters to it.
    public static func fixture(
        id: RunID? = nil,
        task: TaskID = TaskID(1),
        taskVersion: Int = 1,
        taskType: String = "function",
        priority: Priority = .normal,
        overrides: RunOverrides = .none,
        status: TaskRunStatus = .pending,
        trigger: TriggerType = .manual,
        scheduledAt: UTCInstant = VirtualClock.start,
        attempt: Int = 0,
        settledAttempt: Int = 0,
        failures: Int = 0,
        interruptions: Int = 0,
        crashes: Int = 0,
        worker: WorkerID? = nil,
        startedAt: UTCInstant? = nil,
        completedAt: UTCInstant? = nil,
        cancelRequestedAt: UTCInstant? = nil,
        result: JSONValue? = nil,
        exitCode: Int? = nil
    ) -> TaskRun {
        TaskRun(
            id: id ?? RunID(at: scheduledAt), task: task, taskVersion: taskVersion, taskType: taskType,
            priority: priority, overrides: overrides, status: status, trigger: trigger, scheduledAt: scheduledAt,
            dueAt: scheduledAt, startedAt: startedAt, completedAt: completedAt, attempt: attempt,
            settledAttempt: settledAttempt, failures: failures, interruptions: interruptions, crashes: crashes,
            worker: worker, cancelRequestedAt: cancelRequestedAt, result: result, exitCode: exitCode,
            createdAt: scheduledAt, updatedAt: scheduledAt)
    }
}
