import Logging
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

/// One attempt from its claim to its report.
struct RunExecution: Sendable {
    let worker: WorkerID
    let specs: TaskSpecCache
    let upstreams: UpstreamLoader
    let executors: any ExecutorRegistry
    let held: HeldAttempts
    let fence: WorkerFence
    let slots: Slots
    let keeper: OutcomeKeeper
    let logs: LogShipper
    let clock: any SchedulerClock
    let logger: Logger

    /// Executes, judges, frees the slot, and reports.
    ///
    /// The outcome is kept before it is reported, so that nothing that happens to the report loses it. It is reported
    /// after the log, so that whoever sees the end of a run can read all that it said.
    func run(_ claimed: ClaimedRun) async {
        let startedAt = clock.now
        let log = logs.open(claimed)
        let finished = await execute(claimed, log)
        let endedAt = clock.now
        let judgement = AttemptJudgement(finished, stopped: held.end(claimed.attempt))
        slots.release(1)
        logger.debug(
            "Run \(claimed.attempt.run) ended as \(judgement.ending) on attempt \(claimed.attempt.attempt)",
            metadata: [LogKey.runID: "\(claimed.attempt.run)", LogKey.attempt: "\(claimed.attempt.attempt)"])
        await logs.finish(log)
        await keeper.keep(
            RunOutcome(
                attempt: claimed.attempt, worker: worker, ending: judgement.ending, startedAt: startedAt,
                endedAt: endedAt, result: judgement.result, exitCode: judgement.exitCode,
                errorMessage: judgement.message, errorStack: judgement.stack, usage: judgement.usage,
                returnDelay: judgement.returnDelay))
    }

    /// Runs the executor in a task of its own, because one attempt must be stoppable without its siblings (time limit,
    /// cancel).
    ///
    /// It is awaited here and follows this task's cancellation, so it never outlives the attempt.
    private func execute(_ claimed: ClaimedRun, _ log: RunLog) async -> Result<TaskResult, any Error> {
        let work = UnstructuredTask.start { try await result(of: claimed, log) }
        held.begin(claimed.attempt) { work.cancel() }
        return await withTaskCancellationHandler {
            await work.result
        } onCancel: {
            work.cancel()
        }
    }

    private func result(of claimed: ClaimedRun, _ log: RunLog) async throws -> TaskResult {
        guard let known = try await specs.spec(of: claimed.version) else {
            throw SchedulerError.invalid("task", "version \(claimed.version.version) of the task does not exist")
        }
        let spec = claimed.overrides.applied(to: known)
        guard let executor = executors.executor(named: spec.executor) else {
            throw MissingExecutor(name: spec.executor)
        }
        log.setLimit(spec.limits.outputBytes)
        let results = try await upstreams.results(for: claimed)
        let timeout = Duration.seconds(spec.timeoutSeconds)
        held.setDeadline(MonotonicClock.now + timeout, of: claimed.attempt)
        // The claim may be as old as the process was stopped for; the run may be somebody else's by now.
        if let reason = fence.reasonToStop(at: MonotonicClock.now) { held.stop(claimed.attempt, reason) }
        try Task.checkCancellation()
        if !(executor is any KeptExecutor) { held.noteMustReturn(claimed.attempt) }
        try await FailPoint.hit(.executeBefore)
        let result = try await executor.execute(
            RunContext(
                attempt: claimed.attempt, tenant: claimed.tenant, task: claimed.version.task, spec: spec,
                scheduledAt: claimed.scheduledAt, upstreams: results, traceContext: claimed.traceContext,
                timeout: timeout, output: log))
        try await FailPoint.hit(.executeAfter)
        return result
    }
}
