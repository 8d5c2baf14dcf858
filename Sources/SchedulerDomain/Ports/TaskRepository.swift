/// Keeps definitions, their versions and the ledger of fires.
///
/// Every method is one transaction. Times are compared on the store's own clock.
public protocol TaskRepository: Sendable {
    /// Creates tasks at version 1, all or none, and returns them in the order of the drafts.
    ///
    /// - Throws: `alreadyExists` where a name is taken in its tenant; `validation` where a task that one depends on does
    ///   not exist in its tenant.
    func create(_ drafts: [TaskDraft]) async throws -> [TaskDefinition]

    /// Returns the undeleted tasks among `ids` that belong to the tenant, in no order.
    func find(_ ids: [TaskID], tenant: TenantID) async throws -> [TaskDefinition]

    /// Returns one page, newest first.
    func list(_ query: TaskQuery) async throws -> Page<TaskDefinition>

    /// Applies edits, all or none, and returns the tasks as they are now, in order.
    ///
    /// An edit compares version, status, when the pause began, and `next_run_at` with what was read
    /// (`edit.decided?.from` where fires are decided with it). A changed spec gets a new version; a change of status or `next_run_at` alone does not.
    ///
    /// Changed dependencies are exact under concurrent edits: they never close a cycle.
    ///
    /// - Throws: `notFound`, `alreadyExists`; `conflict` where somebody changed, paused or resumed a task since it was
    ///   read; `validation` where a task that one depends on does not exist, or where that would close a cycle.
    func save(_ edits: [TaskEdit], replacing old: [TaskDefinition]) async throws -> [TaskDefinition]

    /// Deletes logically: the tasks fire no more, what has not started of their runs ends as cancelled, and what runs is
    /// asked to end; history stays.
    ///
    /// No run of theirs starts again: one that fails, is interrupted or loses its worker ends as cancelled. A success
    /// counts. Nothing arrives at dependent tasks, since those are deleted with them.
    ///
    /// - Parameter cascading: also deletes the tasks that depend on them, and so on.
    /// - Returns: the ids that were there to delete, in their order.
    /// - Throws: `conflict` that names the tasks which depend on one of them and would stay.
    func delete(_ ids: [TaskID], tenant: TenantID, cascading: Bool) async throws -> [TaskID]

    /// Returns the specs of versions, deleted tasks included; unknown versions are absent.
    func versions(_ ids: [TaskVersionID]) async throws -> [TaskVersionID: TaskSpec]

    /// Returns active tasks whose `next_run_at` has come, earliest first, and when the next one comes.
    ///
    /// - Parameter excluded: tasks that are left out, as if they were not due.
    func due(limit: Int, except excluded: Set<TaskID>) async throws -> DueTasks

    /// Returns what counts against the overlap policy of a task.
    func load(of task: TaskID) async throws -> TaskLoad

    /// Applies each decision whose compare and set still holds: advances the task, inserts runs and ledger rows.
    ///
    /// A decision that begins with skipped fire times goes on the task's latest ledger row where that is a skip for
    /// the same reason and version, so that a series is one row, however many decisions it took.
    /// - Parameter waits: whether to wait for tasks that another transaction holds, instead of leaving them out.
    /// - Returns: the tasks whose decision counted; the others were decided, or are held, by somebody else.
    func fire(_ decisions: [FireDecision], waits: Bool) async throws -> Set<TaskID>

    /// Returns ledger rows of a task whose fire times lie in the range, earliest first, at most `limit`; a series that
    /// began before the range and reaches into it is among them.
    func fires(of task: TaskID, in range: Range<UTCInstant>, limit: Int) async throws -> [FireRecord]
}

extension TaskDefinition {
    /// What the runs say that ended because their task was deleted.
    public static let deletion = "the task was deleted"
}

extension TaskRepository {
    /// Deletes tasks that no other depends on.
    public func delete(_ ids: [TaskID], tenant: TenantID) async throws -> [TaskID] {
        try await delete(ids, tenant: tenant, cascading: false)
    }
}

extension TaskRepository {
    /// Returns active tasks whose `next_run_at` has come, earliest first, and when the next one comes.
    public func due(limit: Int) async throws -> DueTasks { try await due(limit: limit, except: []) }

    /// Applies each decision whose compare and set still holds, on tasks that nobody else holds.
    public func fire(_ decisions: [FireDecision]) async throws -> Set<TaskID> {
        try await fire(decisions, waits: false)
    }
}

/// What is due now, by the store's clock.
public struct DueTasks: Sendable {
    public struct Entry: Sendable {
        public var task: TaskDefinition
        public var load: TaskLoad

        public init(task: TaskDefinition, load: TaskLoad) {
            self.task = task
            self.load = load
        }
    }

    /// The store's time at which this was true.
    public var now: UTCInstant
    public var entries: [Entry]
    /// When the next active task that is not in `entries` fires; nil: none will.
    public var nextFireAt: UTCInstant?

    public init(now: UTCInstant, entries: [Entry], nextFireAt: UTCInstant?) {
        self.now = now
        self.entries = entries
        self.nextFireAt = nextFireAt
    }
}

/// The live runs of a task that count against its overlap policy.
public struct TaskLoad: Sendable, Hashable {
    /// How many of its scheduled runs are pending; counted up to 100.
    public var waiting: Int
    /// How many of its runs, whatever made them, are dispatched or running; one on an offline worker does not count.
    public var active: Int

    public init(waiting: Int = 0, active: Int = 0) {
        self.waiting = waiting
        self.active = active
    }

    /// A task without live runs.
    public static let none = TaskLoad()
}
