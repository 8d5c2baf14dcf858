/// Waiting runs that differ in nothing but their due times: of one task, version, priority and trigger.
///
/// Lanes are ordered as the stores index them.
public struct PickLane: Sendable, Hashable, Codable {
    public var task: TaskID
    public var priority: Priority
    public var version: Int
    public var trigger: TriggerType

    public init(task: TaskID, priority: Priority, version: Int, trigger: TriggerType) {
        self.task = task
        self.priority = priority
        self.version = version
        self.trigger = trigger
    }
}

/// A walk over all lanes in several passes, each of which looks at a bounded number of them.
public struct LaneSweep: Sendable, Hashable, Codable {
    /// The lane that was looked at last; nil: the next pass begins at the first.
    public private(set) var last: PickLane?
    /// Whether a pass of this sweep was full before it had taken all that may start.
    private var hasLeftRuns = false

    public init() {}

    /// Notes what a pass has looked at.
    ///
    /// - Parameters:
    ///   - lane: the last lane, nil where it came to the end.
    ///   - isFull: whether it took as many runs as it may.
    /// - Returns: whether another pass may find more to start. A sweep that found nothing ends for good.
    public mutating func advance(to lane: PickLane?, isFull: Bool) -> Bool {
        last = lane
        let goesOn = lane != nil || isFull || hasLeftRuns
        hasLeftRuns = lane != nil && (hasLeftRuns || isFull)
        return goesOn
    }
}
