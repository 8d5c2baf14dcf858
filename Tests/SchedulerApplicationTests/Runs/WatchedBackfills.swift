import SchedulerDomain
import Synchronization

/// Backfills that tell how they are used, and let a test step in before and after runs are added.
final class WatchedBackfills: BackfillRepository {
    /// The number of the call, from 1, with what is added to which backfill.
    typealias Action = @Sendable (Int, [NewRun], RunID) async throws -> Void

    private let base: any BackfillRepository
    private let before: Action
    private let after: Action
    private let state = Mutex((calls: 0, begun: RunID?.none))

    init(base: any BackfillRepository, before: @escaping Action, after: @escaping Action) {
        self.base = base
        self.before = before
        self.after = after
    }

    /// How often runs were added.
    var calls: Int { state.withLock { $0.calls } }
    /// The latest backfill.
    var begun: RunID? { state.withLock { $0.begun } }

    func begin(_ backfill: Backfill) async throws -> Backfill {
        state.withLock { $0.begun = backfill.id }
        return try await base.begin(backfill)
    }

    func add(_ runs: [NewRun], to backfill: RunID, atMost limit: Int) async throws -> BackfillStep {
        let call = state.withLock { state in
            state.calls += 1
            return state.calls
        }
        try await before(call, runs, backfill)
        let step = try await base.add(runs, to: backfill, atMost: limit)
        try await after(call, runs, backfill)
        return step
    }

    func finish(_ backfill: RunID, remainingFrom: UTCInstant?) async throws {
        // As a real store, which does not begin to work for a caller who has gone.
        try Task.checkCancellation()
        try await base.finish(backfill, remainingFrom: remainingFrom)
    }

    func find(_ id: RunID, task: TaskID, tenant: TenantID) async throws -> BackfillProgress? {
        try await base.find(id, task: task, tenant: tenant)
    }

    func cancel(_ id: RunID, task: TaskID, tenant: TenantID) async throws -> BackfillProgress? {
        try await base.cancel(id, task: task, tenant: tenant)
    }

    func cancelRuns(of backfill: RunID, limit: Int, reason: String) async throws -> Int {
        try await base.cancelRuns(of: backfill, limit: limit, reason: reason)
    }

    func fires(of task: TaskID, in range: Range<UTCInstant>, limit: Int) async throws -> [BackfilledFire] {
        try await base.fires(of: task, in: range, limit: limit)
    }
}

/// A store with other backfills.
struct WatchedStore: SchedulerStore {
    let base: any SchedulerStore
    let backfills: any BackfillRepository

    var tenants: any TenantRepository { base.tenants }
    var runLogs: any RunLogRepository { base.runLogs }
    var zoneSettings: any ZoneSettings { base.zoneSettings }
    var tasks: any TaskRepository { base.tasks }
    var runs: any TaskRunRepository { base.runs }
    var workers: any WorkerRepository { base.workers }
    var recovery: any RecoveryRepository { base.recovery }
    var lateReports: any LateReportRepository { base.lateReports }
    var deadLetters: any DeadLetterRepository { base.deadLetters }
    var locks: any DistributedLock { base.locks }
    var wakeUps: any WakeUps { base.wakeUps }

    func now() async throws -> UTCInstant { try await base.now() }
}
