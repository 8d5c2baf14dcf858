import SchedulerDomain
import SchedulerErrors

/// Judging outcomes inside a transaction.
extension PostgresSession {
    func settle(_ outcomes: [RunOutcome], now: PostgresParameter, _ cache: SpecCache) throws -> [Settlement] {
        let ids = Set(outcomes.map(\.attempt.run)).sorted()
        let locked = try execute(TaskRunSQL.lock, [.uuids(ids.map(\.bits)), now]).map { try LockedRun(&$0) }
        var batch = SettledBatch(
            runs: Dictionary(uniqueKeysWithValues: locked.map { ($0.id, $0) }),
            policies: try policies(of: outcomes, locked, cache))
        let settlements = outcomes.map { batch.settle($0) }
        if let clock = locked.first?.now { try write(batch, now: clock) }
        return try noteLate(outcomes, settlements, now: now)
    }

    private func write(_ batch: SettledBatch, now clock: UTCInstant) throws {
        try end(batch.endings)
        try putBack(Array(batch.returns.values), now: clock)
        try removeCrashes(of: batch.explained)
        try add(batch.records)
        try addStats(batch.endings)
    }

    /// Only a failure asks for the policy.
    private func policies(
        of outcomes: [RunOutcome], _ runs: [LockedRun], _ cache: SpecCache
    ) throws -> [TaskVersionID: RetryPolicy] {
        let failed = Set(outcomes.filter { $0.errorType != nil }.map(\.attempt.run))
        let versions = runs.filter { failed.contains($0.id) }.map(\.versionID)
        return try specs(of: versions, cache).mapValues(\.retryPolicy)
    }
}

extension LockedRun {
    var versionID: TaskVersionID { TaskVersionID(task: task, version: version) }
}

/// What a batch of outcomes does, collected before it is written.
private struct SettledBatch {
    var runs: [RunID: LockedRun]
    let policies: [TaskVersionID: RetryPolicy]
    var endings: [RunEnding] = []
    var returns: [RunID: RunReturn] = [:]
    var records: [AttemptRecord] = []
    /// Attempts whose crash was none.
    var explained: [RunAttempt] = []
    private var random = Chance()

    init(runs: [RunID: LockedRun], policies: [TaskVersionID: RetryPolicy]) {
        self.runs = runs
        self.policies = policies
    }

    mutating func settle(_ outcome: RunOutcome) -> Settlement {
        let id = outcome.attempt.run
        guard let run = runs[id] else { return .ignored }
        // A version that is gone belongs to a purged task, which nothing shall start again.
        let policy = policies[run.versionID] ?? RetryPolicy(maxRetries: 0)
        switch RunJudge.judge(outcome, of: run.standing, policy: policy, random: &random) {
        case .ignore:
            return .ignored
        case .end(let status, let counters):
            note(outcome, of: run, counters)
            runs[id] = nil
            returns[id] = nil
            endings.append(
                RunEnding(
                    run: run, status: status, counters: counters, worker: outcome.worker, startedAt: outcome.startedAt,
                    completedAt: outcome.endedAt, result: outcome.result, exitCode: outcome.exitCode,
                    errorType: outcome.errorType, errorMessage: outcome.errorMessage, errorStack: outcome.errorStack,
                    usage: outcome.usage))
            return .ended(status)
        case .retry(let delay, let counters):
            note(outcome, of: run, counters)
            let dueAt = run.now.advanced(by: delay)
            // The same outcome may stand in the batch twice; the second finds its attempt judged.
            runs[id]?.standing.settledAttempt = run.standing.attempt
            returns[id] = RunReturn(run: id, dueAt: dueAt, counters: counters, settles: true)
            return .returned(dueAt: dueAt)
        }
    }

    /// Keeps the record of an attempt that did not complete, and takes a crash back that was none.
    private mutating func note(_ outcome: RunOutcome, of run: LockedRun, _ counters: RunJudge.Counters) {
        if counters.crashes < run.standing.crashes { explained.append(outcome.attempt) }
        let ending: AttemptRecord.Ending
        switch outcome.ending {
        case .success: return
        case .interruption: ending = .interruption
        case .failure, .timeout: ending = .failure
        }
        records.append(
            AttemptRecord(
                attempt: outcome.attempt, ending: ending, worker: outcome.worker, startedAt: outcome.startedAt,
                endedAt: outcome.endedAt, exitCode: outcome.exitCode, errorType: outcome.errorType,
                errorMessage: outcome.errorMessage))
    }
}
