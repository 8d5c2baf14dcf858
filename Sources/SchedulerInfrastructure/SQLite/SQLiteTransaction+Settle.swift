import SchedulerDomain
import SchedulerErrors

/// Claiming, judging and ending runs.
extension SQLiteTransaction {
    /// Refuses a worker that is unknown or offline.
    func checkAlive(_ worker: WorkerID) throws {
        guard try row(SQLiteTaskRunSQL.worker, worker.blob, read: { try $0.int() }) != nil else {
            throw SchedulerError(.lockLost, "worker \(worker) is not registered any more; it must register anew")
        }
    }

    /// Starts an attempt, or finds it started by the same worker already.
    func claim(_ attempt: RunAttempt, for worker: WorkerID) throws -> ClaimedRun? {
        try execute(
            SQLiteTaskRunSQL.claim, worker.blob, now.column, now.column, attempt.run.blob, attempt.attempt - 1)
        return try row(SQLiteTaskRunSQL.claimed, attempt.run.blob, attempt.attempt, worker.blob) { reader in
            ClaimedRun(
                attempt: attempt, tenant: TenantID(try reader.text()),
                version: TaskVersionID(task: TaskID(try reader.integer()), version: try reader.int()),
                overrides: try reader.optionalValue(RunOverrides.self) ?? .none, scheduledAt: try reader.instant(),
                trigger: try reader.word(), traceContext: reader.optionalText())
        }
    }

    /// Returns dispatched runs to pending if the message named their next attempt.
    func giveBack(_ attempts: [RunAttempt]) throws {
        for attempt in attempts {
            try execute(SQLiteTaskRunSQL.returnUndelivered, now.column, attempt.run.blob, attempt.attempt - 1)
        }
    }

    /// What judging a live run needs; nil where the run is unknown or has ended.
    func liveRun(_ id: RunID) throws -> SQLiteLiveRun? {
        try row(SQLiteTaskRunSQL.standing, id.blob) { try $0.liveRun() }
    }

    func settle(_ outcomes: [RunOutcome]) throws -> [Settlement] {
        var stats = SQLiteRunStats()
        var policies: [TaskVersionID: RetryPolicy] = [:]
        let settlements = try outcomes.map { try settle($0, policies: &policies, stats: &stats) }
        try add(stats)
        return settlements
    }

    private func settle(
        _ outcome: RunOutcome, policies: inout [TaskVersionID: RetryPolicy], stats: inout SQLiteRunStats
    ) throws -> Settlement {
        guard let run = try liveRun(outcome.attempt.run) else { return try noteLate(outcome) }
        var policy = RetryPolicy()
        if outcome.errorType != nil {
            // Only a failure asks for the policy, and few runs fail.
            guard let known = try policies[run.version] ?? version(run.version)?.retryPolicy else { return .ignored }
            policies[run.version] = known
            policy = known
        }
        var random = Chance()
        switch RunJudge.judge(outcome, of: run.standing, policy: policy, random: &random) {
        case .ignore:
            return try noteLate(outcome)
        case .end(let status, let counters):
            try record(outcome, of: run)
            try end(run, SQLiteRunEnd(status: status, of: outcome, counters), stats: &stats)
            return .ended(status)
        case .retry(let delay, let counters):
            try record(outcome, of: run)
            let dueAt = now.advanced(by: delay)
            try returnToPending(
                run, dueAt: dueAt, counters: counters, settledAttempt: outcome.attempt.attempt,
                startedAt: outcome.startedAt)
            return .returned(dueAt: dueAt)
        }
    }

    /// Moves a live run into the history.
    func end(_ run: SQLiteLiveRun, _ end: SQLiteRunEnd, stats: inout SQLiteRunStats) throws {
        let counters = end.counters ?? run.counters
        try execute(
            SQLiteTaskRunSQL.settleEnd, end.status.rawValue, end.startedAt?.column,
            end.settledAttempt ?? run.standing.settledAttempt, counters.failures, counters.interruptions,
            counters.crashes, end.worker?.blob, now.column, end.at.column, end.result?.text, end.exitCode,
            end.errorType?.rawValue, end.errorMessage, end.errorStack, end.usage?.peakMemoryMegabytes,
            end.usage?.cpuTime.milliseconds, run.id.blob)
        try execute(SQLiteTaskRunSQL.settleDelete, run.id.blob)
        let duration = (end.startedAt ?? run.startedAt)?.duration(to: end.at) ?? .zero
        stats.count(run, as: end.status, at: end.at, duration: duration)
    }

    func returnToPending(
        _ run: SQLiteLiveRun, dueAt: UTCInstant, counters: RunJudge.Counters, settledAttempt: Int,
        startedAt: UTCInstant? = nil
    ) throws {
        try execute(
            SQLiteTaskRunSQL.settleReturn, dueAt.column, startedAt?.column, settledAttempt, counters.failures,
            counters.interruptions, counters.crashes, now.column, run.id.blob)
    }

    func record(_ record: AttemptRecord) throws {
        try execute(
            SQLiteTaskRunSQL.recordAttempt, record.attempt.run.blob, record.attempt.attempt, record.ending.rawValue,
            record.worker?.blob, record.startedAt?.column, record.endedAt.column, record.exitCode,
            record.errorType?.rawValue, record.errorMessage)
    }

    /// Writes what the ends of runs add up to, after the dependents of their tasks were told of them.
    func add(_ stats: SQLiteRunStats) throws {
        var stats = stats
        try arrive(stats.ends, stats: &stats)
        for (key, value) in stats.rows.sorted(by: { $0.key < $1.key }) {
            try execute(
                SQLiteTaskRunSQL.addStats, key.tenant.rawValue, key.task.rawValue, key.hour.column,
                key.status.rawValue, value.count, value.duration.milliseconds)
        }
    }

    /// Keeps what became of the attempt; a report of an attempt that counted as crashed replaces the crash.
    private func record(_ outcome: RunOutcome, of run: SQLiteLiveRun) throws {
        let ending: AttemptRecord.Ending
        switch outcome.ending {
        case .success:
            // Most runs succeed at once; only one that recovery took back can have a record of this attempt.
            if run.standing.crashes > 0 {
                try execute(SQLiteTaskRunSQL.forgetAttempt, run.id.blob, outcome.attempt.attempt)
            }
            return
        case .failure, .timeout: ending = .failure
        case .interruption: ending = .interruption
        }
        try record(
            AttemptRecord(
                attempt: outcome.attempt, ending: ending, worker: outcome.worker, startedAt: outcome.startedAt,
                endedAt: outcome.endedAt, exitCode: outcome.exitCode, errorType: outcome.errorType,
                errorMessage: outcome.errorMessage))
    }
}
