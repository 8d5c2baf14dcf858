/// What a pass of the picker reads of a store: the first runs of classes and of lanes, never a whole backlog.
public protocol PickSource {
    /// The first due runs of each class of the types.
    ///
    /// - Parameter size: the most of a class; fewer where that would be more than four times as many runs in total,
    ///   but one of each class.
    func heads(of types: [String], at now: UTCInstant, size: Int) throws -> PickHeads

    /// The first due runs of each of the classes.
    ///
    /// - Parameter size: the most of a class.
    func heads(of classes: [PickClass], at now: UTCInstant, size: Int) throws -> PickHeads

    func lanes(_ request: PickLanes.Request) throws -> PickLanes

    /// The executors that versions of tasks ask for; a version that does not exist is missing.
    func executors(of versions: Set<TaskVersionID>) throws -> [TaskVersionID: String]

    /// The limits of tasks, and of all tenants that have one.
    func limits(of tasks: Set<TaskID>) throws -> (tasks: [TaskID: TaskLimits], tenants: [TenantID: Int])
}

/// The first runs of some classes.
public struct PickHeads: Sendable {
    public var runs: [WaitingRun] = []
    /// The classes that were read up to the most.
    public var cut: Set<PickClass> = []

    public init() {}
}

/// The first runs of some lanes.
public struct PickLanes: Sendable {
    /// Which lanes a pass asks for.
    public struct Request: Sendable {
        public var now: UTCInstant
        /// The lane before the first one; nil: from the first of all.
        public var after: PickLane?
        /// The most lanes after it.
        public var most: Int
        /// Lanes that are asked for by name.
        public var named: [PickLane]
        /// Runs of other types are left out.
        public var types: [String]
        /// Tasks whose lanes need not be read.
        public var leavingOut: Set<TaskID>
        /// The most runs of a lane; fewer where that would be more than four times as many in total, but one of each.
        public var size: Int
    }

    public var runs: [(run: WaitingRun, lane: PickLane)] = []
    /// The lanes that were read up to the most.
    public var cut: Set<PickLane> = []
    /// The last lane that was looked at; nil: there are no more.
    public var last: PickLane?

    public init() {}
}
