import SchedulerDomain
import SchedulerErrors

struct CallingTaskRepository: TaskRepository {
    let base: any TaskRepository
    let calls: any PortCalls

    func create(_ drafts: [TaskDraft]) async throws -> [TaskDefinition] {
        try await calls.call("tasks.create", changes: true) { try await base.create(drafts) }
    }

    func find(_ ids: [TaskID], tenant: TenantID) async throws -> [TaskDefinition] {
        try await calls.call("tasks.find", changes: false) { try await base.find(ids, tenant: tenant) }
    }

    func list(_ query: TaskQuery) async throws -> Page<TaskDefinition> {
        try await calls.call("tasks.list", changes: false) { try await base.list(query) }
    }

    func save(_ edits: [TaskEdit], replacing old: [TaskDefinition]) async throws -> [TaskDefinition] {
        try await calls.call("tasks.save", changes: true) { try await base.save(edits, replacing: old) }
    }

    func delete(_ ids: [TaskID], tenant: TenantID, cascading: Bool) async throws -> [TaskID] {
        try await calls.call("tasks.delete", changes: true) {
            try await base.delete(ids, tenant: tenant, cascading: cascading)
        }
    }

    func versions(_ ids: [TaskVersionID]) async throws -> [TaskVersionID: TaskSpec] {
        try await calls.call("tasks.versions", changes: false) { try await base.versions(ids) }
    }

    func due(limit: Int, except excluded: Set<TaskID>) async throws -> DueTasks {
        try await calls.call("tasks.due", changes: false) { try await base.due(limit: limit, except: excluded) }
    }

    func load(of task: TaskID) async throws -> TaskLoad {
        try await calls.call("tasks.load", changes: false) { try await base.load(of: task) }
    }

    func fire(_ decisions: [FireDecision], waits: Bool) async throws -> Set<TaskID> {
        try await calls.call("tasks.fire", changes: true) { try await base.fire(decisions, waits: waits) }
    }

    func fires(of task: TaskID, in range: Range<UTCInstant>, limit: Int) async throws -> [FireRecord] {
        try await calls.call("tasks.fires", changes: false) { try await base.fires(of: task, in: range, limit: limit) }
    }
}

struct CallingTaskRunRepository: TaskRunRepository {
    let base: any TaskRunRepository
    let calls: any PortCalls

    func enqueue(_ groups: [[NewRun]]) async throws -> [SchedulerResult<[TaskRun]>] {
        try await calls.call("runs.enqueue", changes: true) { try await base.enqueue(groups) }
    }

    func pick(limit: Int) async throws -> Pick {
        try await calls.call("runs.pick", changes: true) { try await base.pick(limit: limit) }
    }

    func returnUndelivered(_ attempts: [RunAttempt]) async throws {
        try await calls.call("runs.returnUndelivered", changes: true) { try await base.returnUndelivered(attempts) }
    }

    func claim(_ claim: RunClaim) async throws -> [ClaimedRun] {
        try await calls.call("runs.claim", changes: true) { try await base.claim(claim) }
    }

    func pickAndClaim(for worker: WorkerID, taskTypes: [String], limit: Int) async throws -> [ClaimedRun] {
        try await calls.call("runs.pickAndClaim", changes: true) {
            try await base.pickAndClaim(for: worker, taskTypes: taskTypes, limit: limit)
        }
    }

    func settle(_ outcomes: [RunOutcome]) async throws -> [Settlement] {
        try await calls.call("runs.settle", changes: true) { try await base.settle(outcomes) }
    }

    func cancel(_ selection: RunSelection, tenant: TenantID, reason: String) async throws -> [RunID: CancelResult] {
        try await calls.call("runs.cancel", changes: true) {
            try await base.cancel(selection, tenant: tenant, reason: reason)
        }
    }

    func unsettled(among attempts: [RunAttempt]) async throws -> Set<RunAttempt> {
        try await calls.call("runs.unsettled", changes: false) { try await base.unsettled(among: attempts) }
    }

    func find(_ ids: [RunID], tenant: TenantID) async throws -> [TaskRun] {
        try await calls.call("runs.find", changes: false) { try await base.find(ids, tenant: tenant) }
    }

    func list(_ query: TaskRunQuery) async throws -> Page<TaskRun> {
        try await calls.call("runs.list", changes: false) { try await base.list(query) }
    }

    func attempts(of run: RunID) async throws -> [AttemptRecord] {
        try await calls.call("runs.attempts", changes: false) { try await base.attempts(of: run) }
    }

    func upstreams(of run: RunID) async throws -> [UpstreamResult] {
        try await calls.call("runs.upstreams", changes: false) { try await base.upstreams(of: run) }
    }

    func wave(_ id: RunID, tenant: TenantID, limit: Int) async throws -> WaveRecord {
        try await calls.call("runs.wave", changes: false) { try await base.wave(id, tenant: tenant, limit: limit) }
    }

    func outlook(of run: RunID, tenant: TenantID) async throws -> RunOutlook? {
        try await calls.call("runs.outlook", changes: false) { try await base.outlook(of: run, tenant: tenant) }
    }
}
