import SchedulerDomain
import SchedulerErrors

private enum CancelSQL {
    /// A root that became one after it was made, as its task had no dependents then, has no workflow.
    static let lockWorkflow = PostgresStatement.write(
        "runs.lockWorkflow",
        """
        SELECT \(LockedRun.columns), coalesce($2, now())
        FROM run_live AS run WHERE run.workflow_id = $1 OR run.id = $1 ORDER BY run.id FOR UPDATE
        """)

    /// Live runs of a cancelled backfill, and of the waves that they are the roots of, that nobody asked to end.
    static let lockBackfilled = PostgresStatement.write(
        "runs.lockBackfilled",
        """
        SELECT \(LockedRun.columns), coalesce($2, now())
        FROM run_live AS run
        WHERE run.workflow_id = ANY (ARRAY(
                  SELECT id FROM backfills WHERE id = $1
                  UNION ALL SELECT run_id FROM backfill_fires WHERE backfill_id = $1))
              AND (run.status <> 'running' OR run.cancel_requested_at IS NULL)
              AND EXISTS (SELECT FROM backfills WHERE id = $1 AND cancelled_at IS NOT NULL)
        ORDER BY run.id LIMIT $3 FOR UPDATE OF run
        """)

    /// The live runs that count against the overlap policies of tasks; each half of the condition has its index.
    static let lockOverlapping = PostgresStatement.write(
        "runs.lockOverlapping",
        """
        SELECT \(LockedRun.columns), coalesce($2, now()), run.scheduled_at
        FROM run_live AS run
        WHERE run.task_id = ANY($1) AND (
            run.dispatched_at IS NOT NULL OR (run.dispatched_at IS NULL AND run.trigger_type = 'scheduled'))
        ORDER BY run.id FOR UPDATE
        """)

    static let request = PostgresStatement.write(
        "runs.requestCancel",
        """
        UPDATE run_live SET cancel_requested_at = coalesce(cancel_requested_at, $2), updated_at = $2
        WHERE id = ANY($1)
        """)

    static let ended = PostgresStatement.read(
        "runs.ended",
        "SELECT id FROM run_history WHERE id = ANY($1) AND id >= $2 AND id <= $3 AND tenant_id = $4")
}

/// Cancelling runs inside a transaction.
extension PostgresSession {
    func cancel(
        _ selection: RunSelection, tenant: TenantID, reason: String, now: PostgresParameter
    ) throws -> [RunID: CancelResult] {
        switch selection {
        case .workflow(let workflow):
            return try cancel(CancelSQL.lockWorkflow, .uuid(workflow.bits), tenant: tenant, reason: reason, now: now)
        case .runs(let ids):
            guard let lowest = ids.min(), let highest = ids.max() else { return [:] }
            let all = PostgresParameter.uuids(ids.map(\.bits))
            var results = try cancel(TaskRunSQL.lock, all, tenant: tenant, reason: reason, now: now)
            // Asked after the live ones are locked, so that a run which just ended is found here.
            let bounds = [PostgresParameter.uuid(lowest.bits), .uuid(highest.bits)]
            let ended = try execute(CancelSQL.ended, [all] + bounds + [.text(tenant.rawValue)])
                .map { RunID(bits: try $0.uuid()) }
            for id in ended where results[id] == nil { results[id] = .alreadyEnded }
            return results
        }
    }

    /// Cancels live runs of a cancelled backfill and what followed from them.
    ///
    /// - Returns: how many.
    func cancelRuns(of backfill: RunID, limit: Int, reason: String, now: PostgresParameter) throws -> Int {
        let runs = try execute(CancelSQL.lockBackfilled, [.uuid(backfill.bits), now, .int8(Int64(limit))])
            .map { try LockedRun(&$0) }
        try addStats(cancel(runs, reason: reason))
        return runs.count
    }

    /// Makes room for the new runs of decisions that say so.
    ///
    /// - Returns: the runs that ended; they are still to be counted.
    func displace(for decisions: [FireDecision], now: UTCInstant) throws -> [RunEnding] {
        let decisions = decisions.filter { $0.keepAtMost != nil }
        guard !decisions.isEmpty else { return [] }
        let tasks = Set(decisions.map(\.task)).sorted().map(\.rawValue)
        let live = try execute(CancelSQL.lockOverlapping, [.int8s(tasks), .instant(now)]).map { row in
            (run: try LockedRun(&row), scheduledAt: try row.instant())
        }
        let byTask = Dictionary(grouping: live, by: \.run.task)
        var endings: [RunEnding] = []
        for decision in decisions {
            let newestFirst = byTask[decision.task, default: []]
                .sorted { ($0.scheduledAt, $0.run.id) > ($1.scheduledAt, $1.run.id) }
            let displaced = newestFirst.dropFirst(decision.keepAtMost ?? newestFirst.count).map(\.run)
            endings += try cancel(displaced, reason: decision.displacement)
        }
        return endings
    }

    private func cancel(
        _ lock: PostgresStatement, _ key: PostgresParameter, tenant: TenantID, reason: String, now: PostgresParameter
    ) throws -> [RunID: CancelResult] {
        let runs = try execute(lock, [key, now]).map { try LockedRun(&$0) }.filter { $0.tenant == tenant }
        let endings = try cancel(runs, reason: reason)
        try addStats(endings)
        let ended = Set(endings.map(\.run.id))
        return Dictionary(uniqueKeysWithValues: runs.map { ($0.id, ended.contains($0.id) ? .ended : .requested) })
    }

    /// Asks locked runs to end, and ends those that have not started.
    private func cancel(_ runs: [LockedRun], reason: String) throws -> [RunEnding] {
        guard let now = runs.first?.now else { return [] }
        try execute(CancelSQL.request, [.uuids(runs.map(\.id.bits)), .instant(now)])
        let endings = runs.filter { $0.standing.status != .running }.map { run in
            RunEnding(
                run: run, status: .cancelled,
                counters: RunJudge.Counters(
                    failures: run.standing.failures, interruptions: run.standing.interruptions,
                    crashes: run.standing.crashes),
                worker: run.worker, startedAt: run.startedAt, completedAt: now, errorMessage: reason)
        }
        try end(endings)
        return endings
    }
}
