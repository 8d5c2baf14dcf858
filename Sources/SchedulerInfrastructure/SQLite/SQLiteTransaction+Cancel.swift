import SchedulerDomain

/// Cancelling runs.
extension SQLiteTransaction {
    func cancel(
        _ selection: RunSelection, tenant: TenantID, reason: String
    ) throws -> [RunID: CancelResult] {
        switch selection {
        case .workflow(let workflow):
            return try cancel(
                rows(SQLiteTaskRunSQL.workflow, workflow.blob, tenant.rawValue) { try $0.runID() }, reason: reason)
        case .runs(let ids):
            let runs = try Set(ids).compactMap { try run($0) }.filter { $0.tenant == tenant }
            var results = try cancel(runs.filter { !$0.status.isTerminal }.map(\.id), reason: reason)
            for run in runs where run.status.isTerminal { results[run.id] = .alreadyEnded }
            return results
        }
    }

    /// Asks live runs to end, and ends those that have not started.
    func cancel(_ ids: [RunID], reason: String) throws -> [RunID: CancelResult] {
        var results: [RunID: CancelResult] = [:]
        var stats = SQLiteRunStats()
        for id in ids {
            guard let run = try liveRun(id) else { continue }
            try execute(SQLiteTaskRunSQL.requestCancel, now.column, now.column, id.blob)
            results[id] = .requested(on: run.worker)
            guard run.standing.status != .running else { continue }
            var ending = SQLiteRunEnd(status: .cancelled, at: now)
            ending.errorMessage = reason
            try end(run, ending, stats: &stats)
            results[id] = .ended
        }
        try add(stats)
        return results
    }
}
