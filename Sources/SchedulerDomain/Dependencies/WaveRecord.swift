/// What a store keeps of a workflow, for `Workflow` to put together.
public struct WaveRecord: Sendable {
    /// An arrival at a dependent task.
    public struct Edge: Sendable, Hashable {
        public var task: TaskID
        /// The run that came of it; nil while the task waits.
        public var childRun: RunID?
        public var arrival: DependencyArrival

        public init(task: TaskID, childRun: RunID?, arrival: DependencyArrival) {
            self.task = task
            self.childRun = childRun
            self.arrival = arrival
        }
    }

    /// In the order of their ids.
    public var runs: [TaskRun]
    /// Arrivals of the wave's ends, and those that led to its runs.
    public var edges: [Edge]
    /// The present edges of tasks that the wave may still come to.
    public var dependencies: [TaskID: [TaskDependency]]
    /// The names of all tasks in it.
    public var names: [TaskID: String]
    /// Whether there is more than was read.
    public var isTruncated: Bool
    /// The states of all runs, also of those beyond what was read.
    public var statuses: Set<TaskRunStatus>
    /// When the last run ended so far; nil where none did.
    public var lastEnd: UTCInstant?

    public init(
        runs: [TaskRun], edges: [Edge] = [], dependencies: [TaskID: [TaskDependency]] = [:],
        names: [TaskID: String] = [:], isTruncated: Bool = false
    ) {
        statuses = Set(runs.map(\.status))
        lastEnd = runs.compactMap(\.completedAt).max()
        self.runs = runs
        self.edges = edges
        self.dependencies = dependencies
        self.names = names
        self.isTruncated = isTruncated
    }
}
