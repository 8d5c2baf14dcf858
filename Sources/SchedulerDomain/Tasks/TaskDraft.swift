/// A task that is to be created.
public struct TaskDraft: Sendable, Hashable {
    public var tenant: TenantID
    public var spec: TaskSpec
    public var status: TaskStatus
    public var createdBy: String?
    /// Its first fire time; nil where it does not fire by itself.
    public var nextRunAt: UTCInstant?

    public init(
        tenant: TenantID = .default,
        spec: TaskSpec,
        status: TaskStatus = .active,
        createdBy: String? = nil,
        nextRunAt: UTCInstant? = nil
    ) {
        self.tenant = tenant
        self.spec = spec
        self.status = status
        self.createdBy = createdBy
        self.nextRunAt = nextRunAt
    }
}

/// The name of one immutable version of a task.
public struct TaskVersionID: Sendable, Hashable, Comparable {
    public let task: TaskID
    public let version: Int

    public init(task: TaskID, version: Int) {
        self.task = task
        self.version = version
    }

    public static func < (lhs: TaskVersionID, rhs: TaskVersionID) -> Bool {
        (lhs.task, lhs.version) < (rhs.task, rhs.version)
    }
}

/// A change of a task, applied only if nobody changed it since it was read.
public struct TaskEdit: Sendable, Hashable {
    /// The task as it shall be.
    ///
    /// `version` is the one that was read; a changed `spec` gets the next one.
    public var task: TaskDefinition
    /// What becomes of fire times of the old schedule that were due and undecided; commits with the edit.
    public var decided: FireDecision?
    /// The fire times of the old schedule that a pause left out; they come into the ledger with the edit.
    public var missed: SkippedFires?

    public init(task: TaskDefinition, decided: FireDecision? = nil, missed: SkippedFires? = nil) {
        self.task = task
        self.decided = decided
        self.missed = missed
    }
}
