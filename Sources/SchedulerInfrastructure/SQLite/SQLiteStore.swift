public import SchedulerDomain
public import SchedulerFoundation

/// A store in one SQLite file, for `standalone` and development: no server is needed.
///
/// The file survives a kill of the process and a loss of power: each transaction is on the disk before it is answered
/// (WAL with `synchronous = FULL`). It belongs to one process at a time.
public final class SQLiteStore: SchedulerStore, RestartRecovery {
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
    public let wakeUps: any WakeUps

    private let database: SQLiteDatabase

    /// Opens the file, or makes it, and brings its schema up to date.
    ///
    /// Blocks for as long as that takes.
    ///
    /// - Parameters:
    ///   - clock: the store's clock, by which fire times and leases are compared.
    ///   - wakeUps: carries hints between the loops of this process.
    /// - Throws: `configuration`, naming `DATABASE_URL`, where the file cannot be opened.
    public init(
        path: String, clock: @escaping @Sendable () -> UTCInstant = { SystemClock().now },
        wakeUps: any WakeUps = InProcessWakeUps()
    ) throws {
        let database = try SQLiteDatabase(path: path, clock: clock)
        self.database = database
        self.wakeUps = wakeUps
        tenants = SQLiteTenantRepository(database)
        tasks = SQLiteTaskRepository(database)
        runs = SQLiteTaskRunRepository(database)
        runLogs = SQLiteRunLogRepository(database)
        lateReports = SQLiteLateReportRepository(database)
        deadLetters = SQLiteDeadLetterRepository(database)
        backfills = SQLiteBackfillRepository(database)
        workers = SQLiteWorkerRepository(database)
        recovery = SQLiteRecoveryRepository(database)
        locks = SQLiteLocks(database)
        zoneSettings = SQLiteZoneSettings(database)
    }

    public func now() async throws -> UTCInstant {
        try await database.read("now") { transaction in
            try transaction.execute("SELECT 1")
            return transaction.now
        }
    }

    public func recoverAfterRestart() async throws -> Recovery {
        try await database.write("recoverAfterRestart") { try $0.recoverAfterRestart() }
    }

    /// Closes the file once what is under way has ended; later calls fail with `database`.
    public func close() throws { try database.close() }
}
