/// A pending run as the picker sees it.
///
/// Runs are ordered by due time, then by id.
public struct WaitingRun: Sendable, Hashable, Comparable, Identifiable {
    public var id: RunID
    /// How many attempts were started.
    public var attempt: Int
    public var tenant: TenantID
    public var task: TaskID
    public var taskVersion: Int
    public var taskType: String
    public var concurrencyKey: String?
    public var priority: Priority
    public var trigger: TriggerType
    public var dueAt: UTCInstant
    /// How often its worker was lost while it ran.
    public var crashes: Int

    public init(
        id: RunID,
        attempt: Int = 0,
        tenant: TenantID = .default,
        task: TaskID,
        taskVersion: Int = 1,
        taskType: String,
        concurrencyKey: String? = nil,
        priority: Priority = .normal,
        trigger: TriggerType = .manual,
        dueAt: UTCInstant,
        crashes: Int = 0
    ) {
        self.id = id
        self.attempt = attempt
        self.tenant = tenant
        self.task = task
        self.taskVersion = taskVersion
        self.taskType = taskType
        self.concurrencyKey = concurrencyKey
        self.priority = priority
        self.trigger = trigger
        self.dueAt = dueAt
        self.crashes = crashes
    }

    public init(_ run: TaskRun) {
        self.init(
            id: run.id, attempt: run.attempt, tenant: run.tenant, task: run.task, taskVersion: run.taskVersion,
            taskType: run.taskType,
            concurrencyKey: run.concurrencyKey, priority: run.priority, trigger: run.trigger, dueAt: run.dueAt,
            crashes: run.crashes)
    }

    /// Whether it may be what takes workers down; it runs on a worker that has no other suspect.
    public var isSuspect: Bool { crashes >= RunJudge.suspectLimit }

    /// What it was made from; this names its executor.
    public var version: TaskVersionID { TaskVersionID(task: task, version: taskVersion) }

    /// How long a run is due before it counts as one level more urgent.
    public static let ageingStep: Duration = .seconds(300)

    /// The level it competes at: its own, and one more for each five minutes that it has been due.
    ///
    /// - SeeAlso: "Ageing" in Silberschatz, Galvin, Gagne, "Operating System Concepts", section on priority scheduling.
    public func effectivePriority(at now: UTCInstant) -> Priority {
        let steps = max(0, dueAt.duration(to: now).microseconds / WaitingRun.ageingStep.microseconds)
        let highest = Priority.critical.level
        return Priority(level: min(highest, priority.level + Int(min(steps, Int64(highest))))) ?? .critical
    }

    public static func < (lhs: WaitingRun, rhs: WaitingRun) -> Bool { (lhs.dueAt, lhs.id) < (rhs.dueAt, rhs.id) }
}

extension TriggerType {
    /// Whether a person asked for the run: it starts although its task is paused.
    public var isByHand: Bool {
        switch self {
        case .manual, .retry: true
        case .scheduled, .dependency, .backfill: false
        }
    }
}
