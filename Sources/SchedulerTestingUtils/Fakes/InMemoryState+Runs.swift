import SchedulerDomain
import SchedulerErrors

/// What the transactions of the run repository do.
extension InMemoryState {
    /// Creates one group, all or none.
    mutating func enqueue(_ group: [NewRun], now: UTCInstant) -> SchedulerResult<[TaskRun]> {
        var added: [TaskID: Int] = [:]
        for new in group where live[new.id] == nil && history[new.id] == nil {
            guard let task = undeleted(new.task, tenant: new.tenant) else {
                return .failure(SchedulerError(.notFound, "task \(new.task) does not exist"))
            }
            added[task.id, default: 0] += 1
            if let refusal = task.refusal(of: added[task.id] ?? 1) { return .failure(refusal) }
        }
        return .success(
            group.compactMap { new in
                if let existing = live[new.id] ?? history[new.id] { return existing }
                guard var task = tasks[new.task] else { return nil }
                let run = insert(new, of: &task, now: now)
                tasks[task.id] = task
                return run
            })
    }

    /// Refuses a worker that is unknown or offline.
    func checkAlive(_ worker: WorkerID) throws {
        guard let info = workers[worker], info.status != .offline else {
            throw SchedulerError(.lockLost, "worker \(worker) is not registered any more; it must register anew")
        }
    }

    /// Returns dispatched runs to pending if the message named their next attempt.
    mutating func giveBack(_ attempts: [RunAttempt], now: UTCInstant) {
        for attempt in attempts {
            guard let run = live[attempt.run], run.status == .dispatched, run.attempt == attempt.attempt - 1
            else { continue }
            returnToPending(run, dueAt: run.dueAt, now: now)
        }
    }

    mutating func claim(_ attempt: RunAttempt, for worker: WorkerID, now: UTCInstant) -> ClaimedRun? {
        guard let run = live[attempt.run] else { return nil }
        if run.status == .running, run.attempt == attempt.attempt, run.worker == worker { return ClaimedRun(run) }
        guard run.status == .dispatched, run.attempt == attempt.attempt - 1 else { return nil }
        return start(run, on: worker, now: now)
    }

    /// Starts the next attempt of a run.
    mutating func start(_ run: TaskRun, on worker: WorkerID, now: UTCInstant) -> ClaimedRun {
        var run = run
        run.status = .running
        run.attempt += 1
        run.worker = worker
        run.startedAt = now
        run.progress = 0
        run.updatedAt = now
        live[run.id] = run
        return ClaimedRun(run)
    }

    mutating func settle(_ outcome: RunOutcome, now: UTCInstant) -> Settlement {
        guard let run = live[outcome.attempt.run],
            let spec = versions[TaskVersionID(task: run.task, version: run.taskVersion)]
        else { return noteLate(outcome, now: now) }
        var random = Chance()
        let verdict = RunJudge.judge(
            outcome, of: RunJudge.Standing(run), policy: spec.retryPolicy, random: &random)
        switch verdict {
        case .ignore:
            return noteLate(outcome, now: now)
        case .end(let status, let counters):
            record(outcome)
            end(run.settled(by: outcome, counters), as: status, at: outcome.endedAt, now: now)
            return .ended(status)
        case .retry(let delay, let counters):
            record(outcome)
            let dueAt = now.advanced(by: delay)
            returnToPending(run.settled(by: outcome, counters).withoutResult, dueAt: dueAt, now: now)
            return .returned(dueAt: dueAt)
        }
    }

    /// Keeps what became of the attempt; a report of an attempt that counted as crashed replaces the crash.
    private mutating func record(_ outcome: RunOutcome) {
        attempts[outcome.attempt.run, default: [:]][outcome.attempt.attempt] = AttemptRecord(outcome)
    }
}

extension TaskDefinition {
    /// Why the task takes no more runs by hand; nil where it takes them.
    fileprivate func refusal(of count: Int) -> SchedulerError? {
        if let statusRefusal { return statusRefusal }
        guard !hasRoom(for: count) else { return nil }
        return SchedulerError(.conflict, "task \(id) has reached its max_executions")
    }

    /// Why the task takes no runs in its status; nil where it takes them.
    var statusRefusal: SchedulerError? {
        switch status {
        case .created, .inactive: SchedulerError(.conflict, "task \(id) is \(status.rawValue); resume it first")
        case .active, .paused: nil
        }
    }
}

extension TaskRun {
    /// The run with what its attempt came to.
    fileprivate func settled(by outcome: RunOutcome, _ counters: RunJudge.Counters) -> TaskRun {
        var run = counted(counters)
        run.settledAttempt = outcome.attempt.attempt
        run.worker = outcome.worker
        run.startedAt = outcome.startedAt
        run.result = outcome.result
        run.exitCode = outcome.exitCode
        run.errorType = outcome.errorType
        run.errorMessage = outcome.errorMessage
        run.errorStack = outcome.errorStack
        run.memoryPeakMegabytes = outcome.usage?.peakMemoryMegabytes
        run.cpuTime = outcome.usage.map { .milliseconds($0.cpuTime.milliseconds) }
        return run
    }

    /// Live runs keep no result: `attempts` tells what became of the earlier ones.
    fileprivate var withoutResult: TaskRun {
        var run = self
        run.result = nil
        run.exitCode = nil
        run.errorType = nil
        run.errorMessage = nil
        run.errorStack = nil
        run.memoryPeakMegabytes = nil
        run.cpuTime = nil
        return run
    }

    func counted(_ counters: RunJudge.Counters) -> TaskRun {
        var run = self
        run.failures = counters.failures
        run.interruptions = counters.interruptions
        run.crashes = counters.crashes
        return run
    }
}

extension AttemptRecord {
    /// The record of an outcome; nil for a success, which the run itself tells.
    init?(_ outcome: RunOutcome) {
        let ending: Ending
        switch outcome.ending {
        case .success: return nil
        case .failure, .timeout: ending = .failure
        case .interruption: ending = .interruption
        }
        self.init(
            attempt: outcome.attempt, ending: ending, worker: outcome.worker, startedAt: outcome.startedAt,
            endedAt: outcome.endedAt, exitCode: outcome.exitCode, errorType: outcome.errorType,
            errorMessage: outcome.errorMessage)
    }
}

extension ClaimedRun {
    fileprivate init(_ run: TaskRun) {
        self.init(
            attempt: RunAttempt(run: run.id, attempt: run.attempt), tenant: run.tenant,
            version: TaskVersionID(task: run.task, version: run.taskVersion), overrides: run.overrides,
            scheduledAt: run.scheduledAt, trigger: run.trigger, traceContext: run.traceContext)
    }
}
