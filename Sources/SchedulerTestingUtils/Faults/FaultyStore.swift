public import SchedulerDomain

/// A store whose every call passes a `PortCalls`; wake-ups pass as they are, since losing them is no fault.
public final class FaultyStore: SchedulerStore {
    public let tenants: any TenantRepository
    public let tasks: any TaskRepository
    public let runs: any TaskRunRepository
    public let runLogs: any RunLogRepository
    public let backfills: any BackfillRepository
    public let workers: any WorkerRepository
    public let recovery: any RecoveryRepository
    public let locks: any DistributedLock
    public let lateReports: any LateReportRepository
    public let deadLetters: any DeadLetterRepository
    public let zoneSettings: any ZoneSettings
    public let wakeUps: any WakeUps

    private let base: any SchedulerStore
    private let calls: any PortCalls

    /// - Parameter wakeUps: in place of those of the store; nil: its own.
    public init(base: any SchedulerStore, wakeUps: (any WakeUps)? = nil, calls: any PortCalls) {
        self.base = base
        self.calls = calls
        tenants = CallingTenantRepository(base: base.tenants, calls: calls)
        tasks = CallingTaskRepository(base: base.tasks, calls: calls)
        runs = CallingTaskRunRepository(base: base.runs, calls: calls)
        runLogs = CallingRunLogRepository(base: base.runLogs, calls: calls)
        backfills = CallingBackfillRepository(base: base.backfills, calls: calls)
        workers = CallingWorkerRepository(base: base.workers, calls: calls)
        recovery = CallingRecoveryRepository(base: base.recovery, calls: calls)
        locks = CallingDistributedLock(base: base.locks, calls: calls)
        lateReports = CallingLateReportRepository(base: base.lateReports, calls: calls)
        deadLetters = CallingDeadLetterRepository(base: base.deadLetters, calls: calls)
        zoneSettings = CallingZoneSettings(base: base.zoneSettings, calls: calls)
        self.wakeUps = wakeUps ?? base.wakeUps
    }

    public func now() async throws -> UTCInstant {
        try await calls.call("store.now", changes: false) { [base] in try await base.now() }
    }
}
