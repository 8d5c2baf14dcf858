public import SchedulerDomain
import SchedulerErrors

/// The leader's duties in memory.
public final class InMemoryRecoveryRepository: RecoveryRepository {
    private let shared: InMemoryShared

    init(_ shared: InMemoryShared) { self.shared = shared }

    public func heartbeats() async throws -> [WorkerID: Int64] {
        shared.transaction { state, _ in
            state.workers.filter { $0.value.status != .offline }.mapValues(\.heartbeatSequence)
        }
    }

    public func recover(silent: [WorkerID: Int64], term: LockLease) async throws -> Recovery {
        try shared.transaction { state, now in
            try state.check(term)
            var recovery = Recovery()
            for (worker, sequence) in silent.sorted(by: { $0.key < $1.key }) {
                guard let info = state.workers[worker], info.status != .offline, info.heartbeatSequence == sequence
                else { continue }
                state.workers[worker]?.status = .offline
                recovery.workersLost.append(worker)
            }
            state.takeBack(limit: InMemoryState.passLimit, into: &recovery, now: now)
            return recovery
        }
    }

    public func returnUnclaimed(olderThan age: Duration, term: LockLease) async throws -> Int {
        try shared.transaction { state, now in
            try state.check(term)
            let limit = now.advanced(by: .zero - age)
            let stale = state.live.values
                .filter { $0.status == .dispatched && $0.dispatchedAt ?? now < limit }
                .sorted { $0.id < $1.id }
                .prefix(InMemoryState.passLimit)
            for run in stale { state.returnToPending(run, dueAt: run.dueAt, now: now) }
            return stale.count
        }
    }

    public func endForgotten(
        after grace: Duration, leadingFor time: Duration, term: LockLease
    ) async throws -> Recovery {
        try shared.transaction { state, now in
            try state.check(term)
            let outcomes = state.forgotten(after: grace, leadingFor: time, now: now)
            let settled = outcomes.prefix(InMemoryState.passLimit).map { state.settle($0, now: now) }
            return Recovery(outcomes, settled, isPartial: outcomes.count > settled.count)
        }
    }
}

extension InMemoryState {
    /// Attempts that run for too long on a live worker whose last beat does not list them.
    fileprivate func forgotten(after grace: Duration, leadingFor time: Duration, now: UTCInstant) -> [RunOutcome] {
        live.values.sorted { $0.id < $1.id }.compactMap { run in
            guard run.status == .running, let worker = run.worker, let startedAt = run.startedAt,
                workers[worker].map({ $0.status != .offline }) == true, let held = held[worker],
                let spec = versions[TaskVersionID(task: run.task, version: run.taskVersion)]
            else { return nil }
            let attempt = RunAttempt(run: run.id, attempt: run.attempt)
            let patience = Duration.seconds(spec.timeoutSeconds) + grace
            guard !held.contains(attempt), startedAt.advanced(by: patience) < now, time > patience else { return nil }
            return .forgotten(attempt, worker: worker, startedAt: startedAt, now: now)
        }
    }

    /// How many rows one pass of the leader takes.
    static let passLimit = 500

    /// Refuses a leader whose term is over.
    func check(_ term: LockLease) throws {
        guard locks[term.key]?.isHeld(by: term) == true else {
            throw SchedulerError(.lockLost, "another dispatcher leads now", context: ["leader.token": "\(term.token)"])
        }
    }

    /// Takes running runs back from workers that are offline.
    fileprivate mutating func takeBack(limit: Int, into recovery: inout Recovery, now: UTCInstant) {
        let lost = live.values
            .filter { run in
                run.status == .running && run.worker.flatMap { workers[$0] }?.status ?? .offline == .offline
            }
            .sorted { $0.id < $1.id }
        recovery.isPartial = lost.count > limit
        for run in lost.prefix(limit) { takeBack(run, into: &recovery, now: now) }
    }

    private mutating func takeBack(_ run: TaskRun, into recovery: inout Recovery, now: UTCInstant) {
        let attempt = RunAttempt(run: run.id, attempt: run.attempt)
        let verdict = RunJudge.judgeLostWorker(of: RunJudge.Standing(run))
        if verdict != .ignore {
            attempts[run.id, default: [:]][run.attempt] = AttemptRecord(
                attempt: attempt, ending: .crash, worker: run.worker, startedAt: run.startedAt, endedAt: now,
                errorType: .system, errorMessage: "the worker was lost")
        }
        switch verdict {
        case .ignore:
            break
        case .end(let status, let counters):
            var ended = run.counted(counters)
            ended.errorType = .system
            ended.errorMessage =
                status == .cancelled
                ? "the worker was lost"
                : Quarantine.message(crashes: counters.crashes, lastLines: lastLines(of: run.id))
            end(ended, as: status, at: now, now: now)
            if status == .failed {
                lastDeadLetter += 1
                deadLetters.append(
                    DeadLetter(
                        id: lastDeadLetter, tenant: run.tenant, run: run.id, reason: ended.errorMessage ?? "",
                        createdAt: now))
            }
            recovery.ended.append(attempt)
        case .retry(let delay, let counters):
            returnToPending(run.counted(counters), dueAt: now.advanced(by: delay), now: now)
            recovery.returned.append(attempt)
        }
    }

    /// The end of what the latest attempt that said anything has said.
    private func lastLines(of run: RunID) -> [LogLine] {
        let said = logs.filter { $0.key.run == run && !$0.value.isEmpty }
        guard let latest = said.keys.max(), let chunks = said[latest] else { return [] }
        return chunks.values.sorted { $0.firstLine < $1.firstLine }.flatMap(\.lines).suffix(Quarantine.lines)
    }

    /// Brings back everything that was under way when the only process ended.
    mutating func recoverAfterRestart(now: UTCInstant) -> Recovery {
        var recovery = Recovery(workersLost: workers.values.filter { $0.status != .offline }.map(\.id).sorted())
        for worker in recovery.workersLost { workers[worker]?.status = .offline }
        for run in live.values where run.status == .dispatched { returnToPending(run, dueAt: run.dueAt, now: now) }
        takeBack(limit: .max, into: &recovery, now: now)
        return recovery
    }
}
