import SchedulerDomain

/// Everything the in-memory store keeps, changed under one lock, so that every method is one transaction.
struct InMemoryState {
    var lastTask: Int64 = 0
    var tenants: [TenantID: Tenant] = [.default: Tenant(id: .default)]
    var tasks: [TaskID: TaskDefinition] = [:]
    var deleted: Set<TaskID> = []
    var versions: [TaskVersionID: TaskSpec] = [:]
    var live: [RunID: TaskRun] = [:]
    var history: [RunID: TaskRun] = [:]
    var attempts: [RunID: [Int: AttemptRecord]] = [:]
    var logs: [RunAttempt: [Int: LogChunk]] = [:]
    var lateReports: [RunID: [Int: LateReport]] = [:]
    var deadLetters: [DeadLetter] = []
    var lastDeadLetter: Int64 = 0
    var deadDigests: [UInt128: Int64] = [:]
    var fires: [TaskID: [FireRecord]] = [:]
    var backfills: [RunID: Backfill] = [:]
    var backfilled: [TaskID: [BackfilledFire]] = [:]
    var workers: [WorkerID: WorkerInfo] = [:]
    /// What each worker's last beat lists.
    var held: [WorkerID: Set<RunAttempt>] = [:]
    var locks: [String: InMemoryLock] = [:]
    var zoneProgress: ZoneProgress?
    /// The open joins of each dependent task, oldest first.
    var joins: [TaskID: [WaveJoin]] = [:]
    var edges: [WaveEdge] = []
    var turns = PickTurns()

    /// The task with its deletion looked at; nil also for another tenant's.
    func undeleted(_ id: TaskID, tenant: TenantID) -> TaskDefinition? {
        guard let task = tasks[id], task.tenant == tenant, !deleted.contains(id) else { return nil }
        return task
    }

    /// Undoes every change of a body that throws.
    mutating func undoingOnError<Result>(_ body: (inout InMemoryState) throws -> Result) throws -> Result {
        let before = self
        do {
            return try body(&self)
        } catch {
            self = before
            throw error
        }
    }

    /// Moves a live run into the history and tells the dependents of its task.
    mutating func end(_ run: TaskRun, as status: TaskRunStatus, at end: UTCInstant, now: UTCInstant) {
        var run = run
        run.status = status
        run.completedAt = end
        run.updatedAt = now
        live[run.id] = nil
        history[run.id] = run
        let ended = RunEnd(run: run.id, task: run.task, workflow: run.workflow, trigger: run.trigger, status: status)
        arrive([ended], now: now)
    }

    /// Puts a run back among the pending ones.
    mutating func returnToPending(_ run: TaskRun, dueAt: UTCInstant, now: UTCInstant) {
        var run = run
        run.status = .pending
        run.dueAt = dueAt
        run.dispatchedAt = nil
        run.worker = nil
        run.progress = 0
        run.updatedAt = now
        live[run.id] = run
    }
}

/// A row of the locks; it stays when it is released, so that its token only rises.
struct InMemoryLock {
    var owner: String?
    var expiresAt: UTCInstant
    var token: Int64

    /// Whether the lease names this lock's present owner.
    func isHeld(by lease: LockLease) -> Bool { owner == lease.owner && token == lease.token }
}
