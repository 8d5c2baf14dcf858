/// What a plan changes, for the store to write.
public struct WaveChanges: Sendable {
    /// An arrival with the join that it came to.
    public struct Arrival: Sendable, Hashable {
        public var join: WaveJoin.Key
        public var arrival: DependencyArrival
    }

    /// Runs to create, each of a task that takes part.
    public internal(set) var created: [NewRun] = []
    /// Runs to record as skipped.
    public internal(set) var skipped: [SkippedRun] = []
    public private(set) var arrivals: [Arrival] = []
    /// Joins that were opened or changed and are closed now.
    public private(set) var closed: Set<WaveJoin.Key> = []
    /// The run of every join that an arrival came to or that was decided.
    public private(set) var childRuns: [WaveJoin.Key: RunID] = [:]
    private var touched: [WaveJoin.Key: WaveJoin] = [:]

    public var isEmpty: Bool { touched.isEmpty }

    /// Joins to insert, or to update with their run; in the order of their keys.
    public var open: [WaveJoin] {
        touched.values.filter { !closed.contains($0.key) }.sorted {
            ($0.key.task, $0.key.openedBy) < ($1.key.task, $1.key.openedBy)
        }
    }

    mutating func arrive(_ arrival: DependencyArrival, at join: WaveJoin) {
        arrivals.append(Arrival(join: join.key, arrival: arrival))
        touch(join)
    }

    mutating func decide(_ join: WaveJoin) { touch(join) }

    mutating func close(_ join: WaveJoin) {
        touch(join)
        closed.insert(join.key)
    }

    private mutating func touch(_ join: WaveJoin) {
        touched[join.key] = join
        childRuns[join.key] = join.childRun
    }
}
