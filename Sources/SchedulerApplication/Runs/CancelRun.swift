public import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

/// Cancels one run: what has not started ends at once, what runs is asked to end and its worker told.
public struct CancelRun: Sendable {
    private let runs: any TaskRunRepository
    private let wakeUps: any WakeUps

    public init(runs: any TaskRunRepository, wakeUps: any WakeUps) {
        self.runs = runs
        self.wakeUps = wakeUps
    }

    /// Asking twice is fine, also once the run has ended as cancelled.
    ///
    /// - Parameter reason: why, in words, for whoever looks at the ended run.
    /// - Returns: the run as it is now, and what the request came to.
    /// - Throws: `notFound`; `conflict` where it has ended in another way.
    public func callAsFunction(
        _ id: RunID, tenant: TenantID = .default, reason: String? = nil
    ) async throws -> (run: TaskRun, result: CancelResult) {
        let results = try await runs.cancel(.runs([id]), tenant: tenant, reason: reason ?? CancelRun.standardReason)
        try await FailPoint.hit(.cancelAfterCommit)
        await wakeUps.send(after: results)
        let run = try await FindRun(runs: runs)(id, tenant: tenant)
        guard let result = results[id] else { throw SchedulerError(.notFound, "run \(id) does not exist") }
        if result == .alreadyEnded, run.status != .cancelled {
            throw SchedulerError(.conflict, "run \(id) has ended already, as \(run.status.rawValue)")
        }
        return (run, result)
    }

    static let standardReason = "cancelled on request"
}

/// Cancels what lives of a workflow: of a wave, or of a backfill's runs.
///
/// Tasks that depend on the completion of a cancelled run, however it ends, still follow: they clean up after it.
public struct CancelWorkflow: Sendable {
    private let runs: any TaskRunRepository
    private let wakeUps: any WakeUps

    public init(runs: any TaskRunRepository, wakeUps: any WakeUps) {
        self.runs = runs
        self.wakeUps = wakeUps
    }

    /// - Returns: what it came to for each run that lived.
    /// - Throws: `notFound`.
    public func callAsFunction(
        _ id: RunID, tenant: TenantID = .default, reason: String? = nil
    ) async throws -> [RunID: CancelResult] {
        let reason = reason ?? CancelRun.standardReason
        let results = try await runs.cancel(.workflow(id), tenant: tenant, reason: reason)
        try await FailPoint.hit(.cancelAfterCommit)
        await wakeUps.send(after: results)
        if results.isEmpty { _ = try await FindWorkflow(runs: runs)(id, tenant: tenant) }
        return results
    }
}

extension WakeUps {
    /// Tells the workers that have something to stop, and the pickers of what became free.
    fileprivate func send(after results: [RunID: CancelResult]) async {
        var hints: Set<WakeUp> = []
        for result in results.values {
            switch result {
            case .ended: hints.insert(.runs)
            case .requested(let worker): hints.insert(worker.map(WakeUp.worker) ?? .workers)
            case .alreadyEnded: break
            }
        }
        for hint in hints { await send(hint) }
    }
}
