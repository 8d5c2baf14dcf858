/// The repositories of one store, which share its transactions and its clock.
public protocol SchedulerStore: Sendable {
    var tenants: any TenantRepository { get }
    var tasks: any TaskRepository { get }
    var runs: any TaskRunRepository { get }
    var runLogs: any RunLogRepository { get }
    var lateReports: any LateReportRepository { get }
    var deadLetters: any DeadLetterRepository { get }
    var backfills: any BackfillRepository { get }
    var workers: any WorkerRepository { get }
    var recovery: any RecoveryRepository { get }
    var locks: any DistributedLock { get }
    var zoneSettings: any ZoneSettings { get }
    var wakeUps: any WakeUps { get }

    /// Returns the store's time, by which fire times are compared; also the health check.
    func now() async throws -> UTCInstant
}
