/// A run that is to be created.
///
/// What it takes from its task (type, priority, key, version) the store reads from the task's row in the same
/// transaction.
public struct NewRun: Sendable, Hashable {
    public var id: RunID
    public var tenant: TenantID
    public var task: TaskID
    public var overrides: RunOverrides
    public var trigger: TriggerType
    public var triggeredBy: String?
    /// The fire time; nil means now, by the store's clock.
    public var scheduledAt: UTCInstant?
    /// Not picked before this time; nil: as `due(now:)` says.
    public var dueAt: UTCInstant?
    /// What it shares with the other runs of its wave or backfill.
    ///
    /// Nil: itself where other tasks depend on its task, else nothing.
    public var workflow: RunID?
    public var traceContext: String?

    public init(
        id: RunID,
        tenant: TenantID = .default,
        task: TaskID,
        overrides: RunOverrides = .none,
        trigger: TriggerType = .manual,
        triggeredBy: String? = nil,
        scheduledAt: UTCInstant? = nil,
        dueAt: UTCInstant? = nil,
        workflow: RunID? = nil,
        traceContext: String? = nil
    ) {
        self.id = id
        self.tenant = tenant
        self.task = task
        self.overrides = overrides
        self.trigger = trigger
        self.triggeredBy = triggeredBy
        self.scheduledAt = scheduledAt
        self.dueAt = dueAt
        self.workflow = workflow
        self.traceContext = traceContext
    }

    /// When the run falls due, from which on its wait is counted.
    ///
    /// A fire of the schedule has waited since its fire time. What somebody asks for waits from then on, whatever time
    /// of the past it names: else naming one would let it go before all that waits.
    public func due(now: UTCInstant) -> UTCInstant {
        if let dueAt { return dueAt }
        guard let scheduledAt else { return now }
        return trigger == .scheduled ? scheduledAt : max(scheduledAt, now)
    }
}
