/// What a dependent task waits for: the ends of its upstream tasks, of which it has some.
///
/// It is open until an end of each upstream task has arrived. Its run may be decided before that, when a condition
/// cannot hold any more; what still arrives then changes nothing.
public struct WaveJoin: Sendable, Hashable {
    /// The name of a join: a run ends once, so it opens at most one join of each task.
    public struct Key: Sendable, Hashable {
        public var task: TaskID
        /// The run whose end opened it.
        public var openedBy: RunID

        public init(task: TaskID, openedBy: RunID) {
            self.task = task
            self.openedBy = openedBy
        }
    }

    public var key: Key
    /// The wave of the arrival that opened it.
    public var wave: RunID
    /// Whether every upstream task has its run in this wave; else ends of other waves arrive here too.
    public var isWhole: Bool
    public var openedAt: UTCInstant
    /// The run that came of it, be it skipped; nil while that is undecided.
    public var childRun: RunID?
    /// In the order in which they came.
    public var arrivals: [DependencyArrival]

    public init(
        key: Key, wave: RunID, isWhole: Bool, openedAt: UTCInstant, childRun: RunID? = nil,
        arrivals: [DependencyArrival] = []
    ) {
        self.key = key
        self.wave = wave
        self.isWhole = isWhole
        self.openedAt = openedAt
        self.childRun = childRun
        self.arrivals = arrivals
    }

    /// Whether it lacks an end of the task.
    func lacks(_ upstream: TaskID) -> Bool { !arrivals.contains { $0.upstream == upstream } }
}

/// The end of an upstream run at a dependent task: an edge of the wave.
public struct DependencyArrival: Sendable, Hashable {
    public var upstream: TaskID
    /// What the edge asked for when it arrived.
    public var condition: TaskDependency.Condition
    public var run: RunID
    public var wave: RunID
    public var status: TaskRunStatus
    public var arrivedAt: UTCInstant
    /// What a skip goes back to; not kept beyond the transaction.
    var cause: String?

    public init(
        upstream: TaskID, condition: TaskDependency.Condition, run: RunID, wave: RunID, status: TaskRunStatus,
        arrivedAt: UTCInstant
    ) {
        self.upstream = upstream
        self.condition = condition
        self.run = run
        self.wave = wave
        self.status = status
        self.arrivedAt = arrivedAt
    }

    public var isFulfilled: Bool { condition.isFulfilled(by: status) }
}
