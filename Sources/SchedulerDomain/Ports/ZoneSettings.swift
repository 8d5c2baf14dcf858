/// Keeps which release of the time zone rules the stored fire times follow, and moves them to another one.
///
/// Moving goes through the tasks in the order of their ids. Each step records how far it came in its own transaction,
/// so a successor goes on where the last one ended.
public protocol ZoneSettings: Sendable {
    /// Returns how far the stored fire times follow the rules; nil where none has been recorded.
    func zoneProgress() async throws -> ZoneProgress?

    /// Returns active tasks whose next fire time lies in the future, by id, at most `limit`.
    ///
    /// - Parameter last: only tasks after this one; nil: from the first.
    func upcoming(after last: TaskID?, limit: Int) async throws -> UpcomingTasks

    /// Moves next fire times, and records how far the moving came.
    ///
    /// A fire time is moved only if its task is active and still has the version and the fire time that were read, and
    /// if that has not come meanwhile: what is due is decided as it stands.
    /// - Returns: the tasks that were moved.
    /// - Throws: `lockLost` where the leader's term is over.
    func move(_ moves: [FireTimeMove], progress: ZoneProgress, term: LockLease) async throws -> Set<TaskID>
}

/// How far the stored fire times follow one release of the rules.
public struct ZoneProgress: Sendable, Hashable, Codable {
    /// The release that is moved to, or was.
    public var version: String
    /// The last task that the pass under way has come to; nil: none, or no pass is under way.
    public var last: TaskID?
    /// When the first pass had come to all tasks; nil: it has not yet.
    public var completedAt: UTCInstant?
    /// Whether a second pass has come to all tasks too.
    ///
    /// It finds what other processes stored by the old rules before they noticed the new ones.
    public var isConfirmed: Bool

    public init(
        version: String, last: TaskID? = nil, completedAt: UTCInstant? = nil, isConfirmed: Bool = false
    ) {
        self.version = version
        self.last = last
        self.completedAt = completedAt
        self.isConfirmed = isConfirmed
    }

    private enum CodingKeys: String, CodingKey {
        case version
        case last = "last_task_id"
        case completedAt = "completed_at"
        case isConfirmed = "confirmed"
    }
}

/// A stored fire time, and the one that takes its place.
public struct FireTimeMove: Sendable, Hashable {
    public var task: TaskID
    /// The version that the task was read with.
    public var version: Int
    /// The fire time that the task was read with.
    public var from: UTCInstant
    /// The fire time by the new rules, due at once where it has passed; nil: never again, which ends the task
    /// (`inactive`).
    public var to: UTCInstant?

    public init(task: TaskID, version: Int, from: UTCInstant, to: UTCInstant?) {
        self.task = task
        self.version = version
        self.from = from
        self.to = to
    }
}

/// Tasks whose next fire time lies in the future, by the store's clock.
public struct UpcomingTasks: Sendable {
    /// The store's time at which this was true.
    public var now: UTCInstant
    public var tasks: [TaskDefinition]
    /// The last fire time that the ledger has of each; absent where it has none.
    public var decided: [TaskID: UTCInstant]

    public init(now: UTCInstant, tasks: [TaskDefinition], decided: [TaskID: UTCInstant]) {
        self.now = now
        self.tasks = tasks
        self.decided = decided
    }
}
