public import SchedulerDomain
import Synchronization

/// A store in memory with the semantics of the real ones, for tests; it passes the same contract.
public final class InMemoryStore: SchedulerStore, RestartRecovery {
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

    let shared: InMemoryShared

    /// - Parameter now: the store's clock, for example `{ clock.now }` of a `VirtualClock`.
    public init(now: @escaping @Sendable () -> UTCInstant) {
        shared = InMemoryShared(now: now)
        tenants = InMemoryTenantRepository(shared)
        tasks = InMemoryTaskRepository(shared)
        runs = InMemoryTaskRunRepository(shared)
        runLogs = InMemoryRunLogRepository(shared)
        lateReports = InMemoryLateReportRepository(shared)
        deadLetters = InMemoryDeadLetterRepository(shared)
        backfills = InMemoryBackfillRepository(shared)
        workers = InMemoryWorkerRepository(shared)
        recovery = InMemoryRecoveryRepository(shared)
        locks = InMemoryLocks(shared)
        zoneSettings = InMemoryZoneSettings(shared)
        wakeUps = InMemoryWakeUps()
    }

    public func now() async throws -> UTCInstant { shared.clock() }

    public func recoverAfterRestart() async throws -> Recovery {
        shared.transaction { state, now in state.recoverAfterRestart(now: now) }
    }
}

/// The state with its lock and clock, shared by the repositories of one store.
final class InMemoryShared: Sendable {
    let clock: @Sendable () -> UTCInstant
    private let state = Mutex(InMemoryState())

    init(now: @escaping @Sendable () -> UTCInstant) { clock = now }

    /// Changes the state as one transaction.
    ///
    /// A body that throws does so before its first change, or undoes it (`InMemoryState.undoingOnError`).
    func transaction<Result>(
        _ body: (inout InMemoryState, UTCInstant) throws -> sending Result
    ) rethrows -> sending Result {
        let now = clock()
        return try state.withLock { state in try body(&state, now) }
    }
}

/// The documented names of the fakes.
public typealias MockTaskRepository = InMemoryTaskRepository
public typealias MockTaskRunRepository = InMemoryTaskRunRepository
public typealias MockWorkerRepository = InMemoryWorkerRepository
