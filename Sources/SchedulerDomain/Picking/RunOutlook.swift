/// What a store knows about a run's place among the others, read for an explanation.
public struct RunOutlook: Sendable, Hashable {
    public var run: TaskRun
    /// As the next pick would see it, for the run's type and those of the live workers.
    public var snapshot: PickSnapshot
    public var holders: RunHolders

    public init(run: TaskRun, snapshot: PickSnapshot, holders: RunHolders = RunHolders()) {
        self.run = run
        self.snapshot = snapshot
        self.holders = holders
    }
}

/// Some of the runs under way that count against the limits of another, the longest under way first.
public struct RunHolders: Sendable, Hashable {
    /// How many of each kind are named.
    public static let most = 5

    public var ofTask: [RunID]
    public var ofKey: [RunID]

    public init(ofTask: [RunID] = [], ofKey: [RunID] = []) {
        self.ofTask = ofTask
        self.ofKey = ofKey
    }
}
