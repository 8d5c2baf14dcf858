import SchedulerDomain
import SchedulerTestingUtils

/// A worker's store that notes when the worker is about to sign off.
final class LeavingStore: SchedulerStore {
    let base: any SchedulerStore
    let workers: any WorkerRepository

    init(base: any SchedulerStore, _ leaves: @escaping @Sendable (WorkerID) -> Void) {
        self.base = base
        workers = LeavingWorkers(base: base.workers, leaves: leaves)
    }

    var tenants: any TenantRepository { base.tenants }
    var tasks: any TaskRepository { base.tasks }
    var runs: any TaskRunRepository { base.runs }
    var runLogs: any RunLogRepository { base.runLogs }
    var backfills: any BackfillRepository { base.backfills }
    var recovery: any RecoveryRepository { base.recovery }
    var locks: any DistributedLock { base.locks }
    var lateReports: any LateReportRepository { base.lateReports }
    var deadLetters: any DeadLetterRepository { base.deadLetters }
    var zoneSettings: any ZoneSettings { base.zoneSettings }
    var wakeUps: any WakeUps { base.wakeUps }
    func now() async throws -> UTCInstant { try await base.now() }
}

private struct LeavingWorkers: WorkerRepository {
    let base: any WorkerRepository
    let leaves: @Sendable (WorkerID) -> Void

    func register(_ worker: WorkerInfo) async throws { try await base.register(worker) }
    func beat(_ heartbeat: Heartbeat) async throws -> HeartbeatAnswer { try await base.beat(heartbeat) }
    func requestDrain(of worker: WorkerID) async throws -> WorkerInfo? { try await base.requestDrain(of: worker) }
    func find(_ worker: WorkerID) async throws -> WorkerInfo? { try await base.find(worker) }

    func leave(_ worker: WorkerID) async throws {
        leaves(worker)
        try await base.leave(worker)
    }

    func list(includingOffline: Bool, limit: Int) async throws -> [WorkerInfo] {
        try await base.list(includingOffline: includingOffline, limit: limit)
    }
}
