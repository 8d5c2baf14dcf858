import SchedulerDomain

/// A store whose task list fails, or hangs until it is cancelled.
struct FailingStore: SchedulerStore {
    let base: any SchedulerStore
    /// What a list throws; nil: it hangs.
    let error: (any Error)?

    var tasks: any TaskRepository { FailingTaskRepository(base: base.tasks, error: error) }
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

    func now() async throws -> UTCInstant { try await base.now() }
}

private struct FailingTaskRepository: TaskRepository {
    let base: any TaskRepository
    let error: (any Error)?

    func list(_ query: TaskQuery) async throws -> Page<TaskDefinition> {
        if let error { throw error }
        try await Task.sleep(for: .seconds(600))
        return try await base.list(query)
    }

    func create(_ drafts: [TaskDraft]) async throws -> [TaskDefinition] { try await base.create(drafts) }
    func find(_ ids: [TaskID], tenant: TenantID) async throws -> [TaskDefinition] {
        try await base.find(ids, tenant: tenant)
    }
    func save(_ edits: [TaskEdit], replacing old: [TaskDefinition]) async throws -> [TaskDefinition] {
        try await base.save(edits, replacing: old)
    }
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
