public import SchedulerDomain
public import SchedulerErrors
private import Synchronization

/// A repository of runs whose calls fail as a test says: before anything happened, or after it did, as when the
/// answer of a commit is lost.
public final class FaultyTaskRunRepository: TaskRunRepository {
    /// When a call throws.
    public enum Fault: Sendable {
        case before(SchedulerError)
        case after(SchedulerError)
    }

    /// The calls that can fail.
    public enum Call: Sendable, Hashable {
        case enqueue, pick, returnUndelivered, claim, pickAndClaim, settle, unsettled, upstreams
    }

    private let base: any TaskRunRepository
    private let faults = Mutex<[Call: [Fault]]>([:])
    private let mostSettled = Mutex(Int.max)
    private let refused = Mutex<@Sendable (RunOutcome) -> Bool>({ _ in false })

    public init(base: any TaskRunRepository) { self.base = base }

    /// Lets the next calls of a kind fail, one fault each, in order; further ones succeed.
    public func fail(_ call: Call, with faults: [Fault]) { self.faults.withLock { $0[call, default: []] += faults } }

    /// Lets `settle` fail as `database` while a batch holds such an outcome, as a store does that cannot keep a value.
    public func refuseOutcomes(where isRefused: @escaping @Sendable (RunOutcome) -> Bool) {
        refused.withLock { $0 = isRefused }
    }

    /// Lets `settle` fail as `timeout` while a batch holds more outcomes, as a store does that has too much to do.
    public func settleAtMost(_ count: Int) { mostSettled.withLock { $0 = count } }

    public func enqueue(_ groups: [[NewRun]]) async throws -> [SchedulerResult<[TaskRun]>] {
        try await perform(.enqueue) { try await base.enqueue(groups) }
    }

    public func pick(limit: Int) async throws -> Pick {
        try await perform(.pick) { try await base.pick(limit: limit) }
    }

    public func returnUndelivered(_ attempts: [RunAttempt]) async throws {
        try await perform(.returnUndelivered) { try await base.returnUndelivered(attempts) }
    }

    public func claim(_ claim: RunClaim) async throws -> [ClaimedRun] {
        try await perform(.claim) { try await base.claim(claim) }
    }

    public func pickAndClaim(for worker: WorkerID, taskTypes: [String], limit: Int) async throws -> [ClaimedRun] {
        try await perform(.pickAndClaim) {
            try await base.pickAndClaim(for: worker, taskTypes: taskTypes, limit: limit)
        }
    }

    public func settle(_ outcomes: [RunOutcome]) async throws -> [Settlement] {
        let isRefused = refused.withLock { $0 }
        if outcomes.contains(where: isRefused) { throw SchedulerError(.database, "a value cannot be stored") }
        if outcomes.count > mostSettled.withLock({ $0 }) { throw SchedulerError(.timeout, "took too long") }
        return try await perform(.settle) { try await base.settle(outcomes) }
    }

    public func cancel(
        _ selection: RunSelection, tenant: TenantID, reason: String
    ) async throws -> [RunID: CancelResult] {
        try await base.cancel(selection, tenant: tenant, reason: reason)
    }

    public func unsettled(among attempts: [RunAttempt]) async throws -> Set<RunAttempt> {
        try await perform(.unsettled) { try await base.unsettled(among: attempts) }
    }

    public func find(_ ids: [RunID], tenant: TenantID) async throws -> [TaskRun] {
        try await base.find(ids, tenant: tenant)
    }

    public func list(_ query: TaskRunQuery) async throws -> Page<TaskRun> { try await base.list(query) }

    public func attempts(of run: RunID) async throws -> [AttemptRecord] { try await base.attempts(of: run) }

    public func upstreams(of run: RunID) async throws -> [UpstreamResult] {
        try await perform(.upstreams) { try await base.upstreams(of: run) }
    }

    public func wave(_ id: RunID, tenant: TenantID, limit: Int) async throws -> WaveRecord {
        try await base.wave(id, tenant: tenant, limit: limit)
    }

    public func outlook(of run: RunID, tenant: TenantID) async throws -> RunOutlook? {
        try await base.outlook(of: run, tenant: tenant)
    }

    private func perform<Output>(_ call: Call, _ body: () async throws -> Output) async throws -> Output {
        let fault = faults.withLock { faults in
            faults[call, default: []].isEmpty ? nil : faults[call, default: []].removeFirst()
        }
        if case .before(let error) = fault { throw error }
        let output = try await body()
        if case .after(let error) = fault { throw error }
        return output
    }
}
