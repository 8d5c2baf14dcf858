public import Logging
public import SchedulerDomain
import SchedulerErrors

/// The store in PostgreSQL: the repositories over one pool, beats over a small one of their own.
public final class PostgresStore: SchedulerStore {
    public let tenants: any TenantRepository
    public let tasks: any TaskRepository
    public let runs: any TaskRunRepository
    public let runLogs: any RunLogRepository
    public let lateReports: any LateReportRepository
    public let deadLetters: any DeadLetterRepository
    public let backfills: any BackfillRepository
    public let workers: any WorkerRepository
    public let recovery: any RecoveryRepository
    public let locks: any DistributedLock
    public let zoneSettings: any ZoneSettings
    /// Also a service: its `run` listens from the start, else the first use begins it.
    public let postgresWakeUps: PostgresWakeUps
    public let pool: PostgresPool

    public var wakeUps: any WakeUps { postgresWakeUps }

    private let beats: PostgresPool
    private let context: PostgresContext

    /// Makes the store; sessions are connected at their first use.
    ///
    /// - Parameter clock: virtual time of a test; nil takes the server's, by which all processes agree.
    public init(
        configuration: PostgresConfiguration, clock: (@Sendable () -> UTCInstant)? = nil, logger: Logger
    ) {
        var single = configuration
        single.poolSize = 1
        single.applicationName += "-beat"
        beats = PostgresPool(single, name: "beats", logger: logger)
        pool = PostgresPool(configuration, name: "database", logger: logger)
        context = PostgresContext(pool: pool, clock: clock)
        tenants = PostgreSQLTenantRepository(context: context)
        tasks = PostgreSQLTaskRepository(context: context)
        runs = PostgreSQLTaskRunRepository(context: context)
        runLogs = PostgreSQLRunLogRepository(context: context)
        lateReports = PostgreSQLLateReportRepository(context: context)
        deadLetters = PostgreSQLDeadLetterRepository(context: context)
        backfills = PostgreSQLBackfillRepository(context: context)
        workers = PostgreSQLWorkerRepository(context: context, beats: beats)
        recovery = PostgreSQLRecoveryRepository(context: context)
        locks = PostgreSQLDistributedLock(context: context)
        zoneSettings = PostgreSQLZoneSettings(context: context)
        postgresWakeUps = PostgresWakeUps(configuration, logger: logger)
    }

    public func now() async throws -> UTCInstant {
        let now = context.now
        return try await pool.withSession("read the time") { session in
            guard let time = try session.execute(PostgresStore.readTime, [now]).first({ try $0.instant() }) else {
                throw SchedulerError(.internal, "the store did not tell its time")
            }
            return time
        }
    }

    /// Closes all sessions once what is under way has ended.
    public func shutdown() async {
        await postgresWakeUps.shutdown()
        await pool.shutdown()
        await beats.shutdown()
    }

    private static let readTime = PostgresStatement.read("store.now", "SELECT coalesce($1, now())")
}
