import SchedulerDomain

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

    /// The live runs of tasks beyond the newest few, which count against the overlap policy.
    ///
    /// Each half of the condition has its index.
    static let lockOverlapping = PostgresStatement.write(
        "runs.lockOverlapping",
        """
        WITH displaced AS MATERIALIZED (
            SELECT run.id FROM unnest($1, $2) AS wanted (task_id, kept) CROSS JOIN LATERAL (
                SELECT id FROM run_live
                WHERE task_id = wanted.task_id AND (
                    dispatched_at IS NOT NULL OR (dispatched_at IS NULL AND trigger_type = 'scheduled'))
                ORDER BY scheduled_at DESC, id DESC OFFSET wanted.kept
            ) AS run
        )
        SELECT \(LockedRun.columns), coalesce($3, now())
        FROM run_live AS run WHERE run.id IN (SELECT id FROM displaced) ORDER BY run.id FOR UPDATE
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

    /// Locks the runs whose place new ones take, by task.
    func lockOverlapping(_ decisions: [FireDecision], now: PostgresParameter) throws -> [TaskID: [LockedRun]] {
        let displacing = decisions.compactMap { decision in decision.keepAtMost.map { (decision.task, $0) } }
        guard !displacing.isEmpty else { return [:] }
        let tasks = PostgresParameter.int8s(displacing.map(\.0.rawValue))
        let runs = try execute(CancelSQL.lockOverlapping, [tasks, .int4s(displacing.map(\.1)), now])
            .map { try LockedRun(&$0) }
        return Dictionary(grouping: runs, by: \.task)
    }

    private func cancel(
        _ lock: PostgresStatement, _ key: PostgresParameter, tenant: TenantID, reason: String, now: PostgresParameter
    ) throws -> [RunID: CancelResult] {
        let runs = try execute(lock, [key, now]).map { try LockedRun(&$0) }.filter { $0.tenant == tenant }
        let endings = try cancel(runs, reason: reason)
        try addStats(endings)
        let ended = Set(endings.map(\.run.id))
        return Dictionary(
            uniqueKeysWithValues: runs.map { ($0.id, ended.contains($0.id) ? .ended : .requested(on: $0.worker)) })
    }

    /// Asks locked runs to end, and ends those that have not started.
    ///
    /// - Returns: the runs that ended; they are still to be counted.
    func cancel(_ runs: [LockedRun], reason: String) throws -> [RunEnding] {
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
