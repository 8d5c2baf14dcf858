/// A walk over all lanes in several passes, each of which looks at a bounded number of them.
public struct LaneSweep: Sendable, Hashable, Codable {
    /// The lane that was looked at last; nil: the next pass begins at the first.
    public private(set) var last: PickLane?
    /// Whether a pass of this walk left runs behind that may start.
    private var hasLeftRuns = false
    /// Lanes with the earliest run of a tenant and priority that may start and waits for its turn.
    ///
    /// The walk goes on while they wait, so they are looked at in every pass until they are served.
    public private(set) var found: [PickLane] = []

    /// The most lanes that are kept in mind.
    static let mostFound = 64

    public init() {}

    /// Notes what a pass has looked at.
    ///
    /// - Parameters:
    ///   - lane: the last lane, nil where it came to the end.
    ///   - found: lanes whose first runs wait for their turn only, the most urgent first.
    ///   - leavesRuns: whether it may have left runs behind that may start.
    /// - Returns: whether another pass may find more to start. A walk that found nothing ends for good.
    public mutating func advance(to lane: PickLane?, found: [PickLane], leavesRuns: Bool) -> Bool {
        // A pass that sees all lanes needs no memory of them.
        self.found = last == nil && lane == nil ? [] : Array(found.prefix(LaneSweep.mostFound))
        last = lane
        let goesOn = lane != nil || leavesRuns || hasLeftRuns
        hasLeftRuns = lane != nil && (hasLeftRuns || leavesRuns)
        return goesOn
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        last = try container.decodeIfPresent(PickLane.self, forKey: .last)
        hasLeftRuns = try container.decode(Bool.self, forKey: .hasLeftRuns)
        found = try container.decodeIfPresent([PickLane].self, forKey: .found) ?? []
    }
}
