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
    /// The last task that follows it while the moving goes on; nil: none does.
    public var last: TaskID?
    /// Whether all tasks follow it.
    public var isComplete: Bool

    public init(version: String, last: TaskID? = nil, isComplete: Bool = false) {
        self.version = version
        self.last = last
        self.isComplete = isComplete
    }

    private enum CodingKeys: String, CodingKey {
        case version
        case last = "last_task_id"
        case isComplete = "complete"
    }
}

/// A stored fire time, and the one that takes its place.
public struct FireTimeMove: Sendable, Hashable {
    public var task: TaskID
    /// The version that the task was read with.
    public var version: Int
    /// The fire time that the task was read with.
    public var from: UTCInstant
    /// The fire time by the new rules; nil: never again, which ends the task (`inactive`).
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

    public init(now: UTCInstant, tasks: [TaskDefinition]) {
        self.now = now
        self.tasks = tasks
    }
}
