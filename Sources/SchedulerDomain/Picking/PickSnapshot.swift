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
    /// The executors that no live worker of their type has, by the versions of tasks that ask for them.
    public var lacking: [TaskVersionID: String] = [:]
    /// The executors that only some live workers of their type have, by the versions of tasks that ask for them.
    public var scarce: [TaskVersionID: String] = [:]

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

    /// Notes which executors of the runs not every worker of their type has.
    public mutating func note(_ executors: [TaskVersionID: String], of runs: [WaitingRun]) {
        let abilities = PickAbilities(of: workers)
        for run in runs {
            guard let executor = executors[run.version] else { continue }
            switch abilities.holders(of: executor, for: run.taskType) {
            case .nobody: lacking[run.version] = executor
            case .some: scarce[run.version] = executor
            case .everybody: break
            }
        }
    }

    /// The slots that the live workers have free.
    public var freeSlots: FreeSlots { FreeSlots(of: workers, underWay: underWay) }
}
