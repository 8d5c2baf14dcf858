/// What to run and when: the documented `Task`, renamed so that it does not shadow Swift's own.
///
/// A value of one version: an edit makes a new version, and every run names the version it was made from.
public struct TaskDefinition: Sendable, Hashable, Identifiable {
    public var id: TaskID
    public var tenant: TenantID
    /// Starts at 1 and grows with every edit.
    public var version: Int
    public var spec: TaskSpec
    public var status: TaskStatus
    /// How many runs were created for it so far.
    public var executionCount: Int64
    public var createdBy: String?
    public var createdAt: UTCInstant
    public var updatedAt: UTCInstant
    /// The fire time of its latest run; nil before the first.
    public var lastRunAt: UTCInstant?
    /// The first fire time that is not yet decided; nil where it will not fire by itself.
    public var nextRunAt: UTCInstant?
    /// Since when its fire times are left out because it is paused; nil where it is not.
    ///
    /// They come into the ledger when the pause ends or the schedule changes.
    public var pausedAt: UTCInstant?

    public init(
        id: TaskID,
        tenant: TenantID = .default,
        version: Int = 1,
        spec: TaskSpec,
        status: TaskStatus = .active,
        executionCount: Int64 = 0,
        createdBy: String? = nil,
        createdAt: UTCInstant,
        updatedAt: UTCInstant,
        lastRunAt: UTCInstant? = nil,
        nextRunAt: UTCInstant? = nil,
        pausedAt: UTCInstant? = nil
    ) {
        self.id = id
        self.tenant = tenant
        self.version = version
        self.spec = spec
        self.status = status
        self.executionCount = executionCount
        self.createdBy = createdBy
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.lastRunAt = lastRunAt
        self.nextRunAt = nextRunAt
        self.pausedAt = pausedAt
    }
}
