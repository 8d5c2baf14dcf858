public import SchedulerDomain

/// Builds a run step by step, in a state that can exist at every step.
public struct TaskRunBuilder: Sendable {
    private var run: TaskRun

    public init(task: TaskID = TaskID(1), at now: UTCInstant = VirtualClock.start) {
        run = .fixture(task: task, scheduledAt: now)
    }

    public func priority(_ priority: Priority) -> TaskRunBuilder { with { $0.priority = priority } }
    public func trigger(_ trigger: TriggerType) -> TaskRunBuilder { with { $0.trigger = trigger } }
    public func overrides(_ overrides: RunOverrides) -> TaskRunBuilder { with { $0.overrides = overrides } }

    /// On its way to a worker.
    public func dispatched(at instant: UTCInstant) -> TaskRunBuilder {
        with {
            $0.status = .dispatched
            $0.dispatchedAt = instant
        }
    }

    /// Executed by a worker, one attempt further.
    public func running(on worker: WorkerID, at instant: UTCInstant) -> TaskRunBuilder {
        with {
            $0.status = .running
            $0.worker = worker
            $0.attempt += 1
            $0.dispatchedAt = instant
            $0.startedAt = instant
        }
    }

    /// Ended, its last attempt judged.
    public func ended(_ status: TaskRunStatus, at instant: UTCInstant, result: JSONValue? = nil) -> TaskRunBuilder {
        with {
            $0.status = status
            $0.settledAttempt = $0.attempt
            $0.completedAt = instant
            $0.result = result
        }
    }

    /// Changes anything else.
    public func with(_ change: (inout TaskRun) -> Void) -> TaskRunBuilder {
        var copy = self
        change(&copy.run)
        return copy
    }

    public func build() -> TaskRun { run }
}
