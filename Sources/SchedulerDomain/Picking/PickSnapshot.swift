/// What the picker decides by, as the store has it at one instant.
public struct PickSnapshot: Sendable, Hashable {
    public var now: UTCInstant
    /// Runs that are due, in any order: at least the first ones of each tenant, type and priority.
    public var waiting: [WaitingRun]
    /// The limits of the tasks of those runs; a task that is missing has none.
    public var tasks: [TaskID: TaskLimits]
    /// How many runs of a tenant may be under way; missing or 0: without limit.
    public var tenants: [TenantID: Int]
    public var underWay: [RunsUnderWay]
    public var workers: [WorkerSlots]
    public var turns: PickTurns

    public init(
        now: UTCInstant,
        waiting: [WaitingRun] = [],
        tasks: [TaskID: TaskLimits] = [:],
        tenants: [TenantID: Int] = [:],
        underWay: [RunsUnderWay] = [],
        workers: [WorkerSlots] = [],
        turns: PickTurns = PickTurns()
    ) {
        self.now = now
        self.waiting = waiting
        self.tasks = tasks
        self.tenants = tenants
        self.underWay = underWay
        self.workers = workers
        self.turns = turns
    }

    /// The slots that the live workers have free.
    public var freeSlots: FreeSlots { FreeSlots(of: workers, underWay: underWay) }
}
