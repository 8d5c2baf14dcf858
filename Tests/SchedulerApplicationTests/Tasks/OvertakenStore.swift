import SchedulerDomain
import Synchronization

/// A task repository in which somebody else changes the task right before each of the first edits arrives.
final class OvertakenTaskRepository: TaskRepository {
    private let base: any TaskRepository
    private let times: Int
    private let overtaken = Mutex(0)

    init(base: any TaskRepository, times: Int) {
        self.base = base
        self.times = times
    }

    func save(_ edits: [TaskEdit], replacing old: [TaskDefinition]) async throws -> [TaskDefinition] {
        let count = overtaken.withLock { count in
            count += 1
            return count
        }
        if count <= times {
            var other = old[0]
            other.spec.description = "overtaken \(count)"
            _ = try await base.save([TaskEdit(task: other)], replacing: [old[0]])
        }
        return try await base.save(edits, replacing: old)
    }

    func create(_ drafts: [TaskDraft]) async throws -> [TaskDefinition] { try await base.create(drafts) }
    func find(_ ids: [TaskID], tenant: TenantID) async throws -> [TaskDefinition] {
        try await base.find(ids, tenant: tenant)
    }
    func list(_ query: TaskQuery) async throws -> Page<TaskDefinition> { try await base.list(query) }
    func delete(_ ids: [TaskID], tenant: TenantID, cascading: Bool) async throws -> [TaskID] {
        try await base.delete(ids, tenant: tenant, cascading: cascading)
    }
    func versions(_ ids: [TaskVersionID]) async throws -> [TaskVersionID: TaskSpec] { try await base.versions(ids) }
    func due(limit: Int, except excluded: Set<TaskID>) async throws -> DueTasks {
        try await base.due(limit: limit, except: excluded)
    }
    func load(of task: TaskID) async throws -> TaskLoad { try await base.load(of: task) }
    func fire(_ decisions: [FireDecision], waits: Bool) async throws -> Set<TaskID> {
        try await base.fire(decisions, waits: waits)
    }
    func fires(of task: TaskID, in range: Range<UTCInstant>, limit: Int) async throws -> [FireRecord] {
        try await base.fires(of: task, in: range, limit: limit)
    }
}

/// A store with another task repository, or in which something happens before the time is told.
struct OvertakenStore: SchedulerStore {
    let base: any SchedulerStore
    let tasks: any TaskRepository
    var beforeNow: @Sendable () async throws -> Void = {}

    var tenants: any TenantRepository { base.tenants }
    var runLogs: any RunLogRepository { base.runLogs }
    var runs: any TaskRunRepository { base.runs }
    var backfills: any BackfillRepository { base.backfills }
    var workers: any WorkerRepository { base.workers }
    var recovery: any RecoveryRepository { base.recovery }
    var lateReports: any LateReportRepository { base.lateReports }
    var deadLetters: any DeadLetterRepository { base.deadLetters }
    var locks: any DistributedLock { base.locks }
    var zoneSettings: any ZoneSettings { base.zoneSettings }
    var wakeUps: any WakeUps { base.wakeUps }

    func now() async throws -> UTCInstant {
        try await beforeNow()
        return try await base.now()
    }
}
