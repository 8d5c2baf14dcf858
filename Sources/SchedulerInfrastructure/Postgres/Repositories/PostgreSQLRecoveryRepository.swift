public import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

/// The leader's duties in PostgreSQL.
public struct PostgreSQLRecoveryRepository: RecoveryRepository {
    /// The most rows in one transaction.
    private static let batch = 500

    let context: PostgresContext

    public func heartbeats() async throws -> [WorkerID: Int64] {
        try await context.pool.withSession("read heartbeats") { session in
            Dictionary(
                uniqueKeysWithValues: try session.execute(RecoverySQL.heartbeats).map { row in
                    (WorkerID(bits: try row.uuid()), try row.int64())
                })
        }
    }

    public func recover(silent: [WorkerID: Int64], term: LockLease) async throws -> Recovery {
        let now = context.now
        return try await context.pool.transaction("recover runs") { session in
            try session.verify(term)
            let lost = try session.takeOffline(silent)
            // Of any offline worker: a claim that committed just before the change is seen by this statement's
            // snapshot, and what an earlier pass left is taken back now.
            let rows = try session.execute(RecoverySQL.orphans, [now, .int8(Int64(Self.batch) + 1)])
            let orphans = try rows.map { try LockedRun(&$0) }
            let isPartial = orphans.count > Self.batch
            var recovery = try session.recover(session.withoutLiveWorkers(Array(orphans.prefix(Self.batch))))
            recovery.workersLost = lost
            recovery.isPartial = isPartial
            if !silent.isEmpty { try FailPoint.hit(.recoverBeforeCommit) }
            return recovery
        }
    }

    public func returnUnclaimed(olderThan age: Duration, term: LockLease) async throws -> Int {
        let now = context.now
        return try await context.pool.transaction("return unclaimed runs") { session in
            try session.verify(term)
            return try session.execute(
                RecoverySQL.returnUnclaimed,
                [
                    now, .int8(age.microseconds), .int8(Int64(Self.batch)),
                ]
            ).affected
        }
    }

    public func endForgotten(
        after grace: Duration, leadingFor time: Duration, term: LockLease
    ) async throws -> Recovery {
        let now = context.now
        return try await context.pool.transaction("end forgotten runs") { session in
            try session.verify(term)
            let outcomes = try session.forgotten(after: grace, leadingFor: time, limit: Self.batch, now: now)
            guard !outcomes.isEmpty else { return Recovery() }
            let settlements = try session.settle(outcomes, now: now, context.specs)
            return Recovery(outcomes, settlements, isPartial: outcomes.count == Self.batch)
        }
    }
}

/// Its statements, named after its methods.
private enum RecoverySQL {
    static let heartbeats = PostgresStatement.read(
        "recovery.heartbeats",
        """
        SELECT id, heartbeat_seq FROM workers WHERE status <> 'offline'
        """)

    /// An election updates this row, so a deposed leader waits here and then finds that its term is over.
    static let verifyTerm = PostgresStatement.write(
        "recovery.verifyTerm",
        """
        SELECT token FROM scheduler_locks WHERE lock_key = $1 AND locked_by = $2 AND token = $3 FOR SHARE
        """)

    static let takeOffline = PostgresStatement.write(
        "recovery.takeOffline",
        """
        WITH locked AS MATERIALIZED (
            SELECT id, heartbeat_seq, status FROM workers WHERE id = ANY($1) ORDER BY id FOR UPDATE
        )
        UPDATE workers AS worker SET status = 'offline'
        FROM locked JOIN unnest($1, $2) AS silent (id, heartbeat_seq)
             ON silent.id = locked.id AND silent.heartbeat_seq = locked.heartbeat_seq
        WHERE worker.id = locked.id AND locked.status <> 'offline'
        RETURNING worker.id
        """)

    static let orphans = PostgresStatement.write(
        "recovery.orphans",
        """
        SELECT \(LockedRun.columns), coalesce($1, now())
        FROM run_live AS run LEFT JOIN workers AS worker ON worker.id = run.worker_id
        WHERE run.dispatched_at IS NOT NULL AND run.status = 'running'
              AND coalesce(worker.status, 'offline') = 'offline'
        ORDER BY run.id LIMIT $2 FOR UPDATE OF run SKIP LOCKED
        """)

    static let liveWorkers = PostgresStatement.read(
        "recovery.liveWorkers", "SELECT id FROM workers WHERE id = ANY($1) AND status <> 'offline'")

    static let returnUnclaimed = PostgresStatement.write(
        "recovery.returnUnclaimed",
        """
        WITH locked AS MATERIALIZED (
            SELECT id FROM run_live
            WHERE dispatched_at IS NOT NULL AND status = 'dispatched'
                  AND dispatched_at < coalesce($1, now()) - $2 * interval '1 microsecond'
            ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED
        )
        UPDATE run_live AS run SET status = 'pending', dispatched_at = NULL, updated_at = coalesce($1, now())
        FROM locked WHERE run.id = locked.id
        """)

    static let addDeadLetters = PostgresStatement.write(
        "recovery.addDeadLetters",
        """
        INSERT INTO dead_letters (tenant_id, run_id, reason, created_at)
        SELECT tenant_id, run_id, reason, $4 FROM unnest($1, $2, $3) AS dead (tenant_id, run_id, reason)
        """)
}

extension PostgresSession {
    /// Locks the leader's term for this transaction.
    ///
    /// - Throws: `lockLost` where the term is over.
    func verify(_ term: LockLease) throws {
        let rows = try execute(RecoverySQL.verifyTerm, [.text(term.key), .text(term.owner), .int8(term.token)])
        guard !rows.isEmpty else {
            throw SchedulerError(
                .lockLost, "the term is over: another process leads now", context: ["leader.token": "\(term.token)"])
        }
    }

    fileprivate func takeOffline(_ silent: [WorkerID: Int64]) throws -> [WorkerID] {
        guard !silent.isEmpty else { return [] }
        let silent = silent.sorted { $0.key < $1.key }
        return try execute(
            RecoverySQL.takeOffline, [.uuids(silent.map(\.key.bits)), .int8s(silent.map(\.value))]
        ).map { WorkerID(bits: try $0.uuid()) }
    }

    /// Leaves out runs that a live worker has claimed between the snapshot of the search and the lock: the search
    /// compares a changed row with the worker of the old one.
    fileprivate func withoutLiveWorkers(_ runs: [LockedRun]) throws -> [LockedRun] {
        let workers = Set(runs.compactMap(\.worker)).sorted()
        guard !workers.isEmpty else { return runs }
        let live = try Set(execute(RecoverySQL.liveWorkers, [.uuids(workers.map(\.bits))]).map { try $0.uuid() })
        return runs.filter { run in run.worker.map { !live.contains($0.bits) } ?? true }
    }

    /// Takes locked runs back from their lost workers.
    fileprivate func recover(_ orphans: [LockedRun]) throws -> Recovery {
        guard let now = orphans.first?.now else { return Recovery() }
        var recovery = Recovery()
        var endings: [RunEnding] = []
        var returns: [RunReturn] = []
        for run in orphans {
            let attempt = RunAttempt(run: run.id, attempt: run.standing.attempt)
            switch RunJudge.judgeLostWorker(of: run.standing) {
            case .ignore: break
            case .retry(let delay, let counters):
                recovery.returned.append(attempt)
                returns.append(
                    RunReturn(
                        run: run.id, dueAt: now.advanced(by: delay), counters: counters, settles: false))
            case .end(let status, let counters):
                recovery.ended.append(attempt)
                endings.append(
                    RunEnding(
                        run: run, status: status, counters: counters, worker: run.worker, startedAt: run.startedAt,
                        completedAt: now, errorType: .system,
                        errorMessage: status == .failed
                            ? Quarantine.message(crashes: counters.crashes, lastLines: try lastLines(of: run.id))
                            : "its worker was lost"))
            }
        }
        try end(endings)
        try putBack(returns, now: now)
        try add(
            orphans.map { run in
                AttemptRecord(
                    attempt: RunAttempt(run: run.id, attempt: run.standing.attempt), ending: .crash, worker: run.worker,
                    startedAt: run.startedAt, endedAt: now, errorType: .system, errorMessage: "its worker was lost")
            })
        try addDeadLetters(endings.filter { $0.status == .failed }, now: now)
        try addStats(endings)
        return recovery
    }

    private func addDeadLetters(_ endings: [RunEnding], now: UTCInstant) throws {
        guard !endings.isEmpty else { return }
        try execute(
            RecoverySQL.addDeadLetters,
            [
                .texts(endings.map(\.run.tenant.rawValue)), .uuids(endings.map(\.run.id.bits)),
                .texts(endings.map(\.errorMessage)), .instant(now),
            ])
    }
}
