/// Whose turn it is: what one pick leaves to the next, since a pass may have a single free slot.
///
/// The four priorities share by stride scheduling: each has a *lead*, how far its service is ahead of the virtual time;
/// the one with the least lead is served, which moves the virtual time up to it and its own lead on by its stride, the
/// inverse of its weight. So the shares are 8 : 4 : 2 : 1 where all of them wait, a priority that has nothing to start
/// leaves its share to the others, and none can save up turns: a lead never falls below zero.
///
/// From any state, a `critical` run that may start waits for at most 3 picks of other priorities, `high` 5, `normal` 9,
/// `low` 17 (`PickTurnsTests` walks through all states). Tenants take turns within a priority, in the order of their
/// ids, going on after the one served last.
///
/// - SeeAlso: Waldspurger and Weihl, "Stride Scheduling: Deterministic Proportional-Share Resource Management",
///   MIT/LCS/TM-528, 1995.
public struct PickTurns: Sendable, Hashable, Codable {
    /// By level, `low` first; between 0 and the stride of the level.
    private var leads: [Int]
    /// The tenant that was served last, by level.
    private var served: [TenantID?]
    /// Where the search of lanes goes on.
    public var sweep = LaneSweep()

    public init() {
        leads = Priority.allCases.map(\.stride)
        served = Priority.allCases.map { _ in nil }
    }

    /// The priorities in the order in which they are to be asked for a run.
    public var order: [Priority] {
        Priority.allCases.sorted { (leads[$0.level], $1.level) < (leads[$1.level], $0.level) }
    }

    /// The tenant that was served last at a priority.
    public func lastServed(at priority: Priority) -> TenantID? { served[priority.level] }

    /// Notes that a run of the tenant was picked at the priority.
    public mutating func serve(_ tenant: TenantID, at priority: Priority) {
        let advance = leads[priority.level]
        for level in leads.indices { leads[level] = max(0, leads[level] - advance) }
        leads[priority.level] = priority.stride
        served[priority.level] = tenant
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init()
        let leads = try container.decode([Int].self, forKey: .leads)
        let served = try container.decode([TenantID?].self, forKey: .served)
        if leads.count == self.leads.count, served.count == leads.count {
            self.leads = zip(leads, self.leads).map { min(max(0, $0), $1) }
            self.served = served
        }
        sweep = try container.decodeIfPresent(LaneSweep.self, forKey: .sweep) ?? LaneSweep()
    }
}

extension Priority {
    /// Its share where all priorities wait: 8 : 4 : 2 : 1 from `critical` to `low`.
    public var weight: Int { 1 << level }

    /// The virtual time that one pick takes: the inverse of the weight.
    fileprivate var stride: Int { 8 / weight }
}
