/// A calendar year of a schedule, on its zone's clock: its fire times, and where the clock is put forward or back.
public struct FireYear: Sendable {
    /// The first fire times, at most as many as asked for.
    public let fires: [ShownFire]
    /// How many follow these.
    public let more: Int
    /// Whether there may be even more: it was not counted further.
    public let isCountCut: Bool
    /// The changes of the zone's offset, also where no fire time falls on them.
    public let changes: [ZoneRules.Transition]

    /// Beyond the limit no more than these are counted: a year has 31 million seconds.
    public static let mostCounted = 100_000

    /// - Parameter limit: how many fire times to list; nil: all.
    public init(_ year: Int64, of times: FireTimes, limit: Int? = nil) {
        var fires: [ShownFire] = []
        var more = 0
        var previous = FireYear.before(year)
        var next = times.next(after: previous)
        while let fire = next, more < FireYear.mostCounted {
            let local = WallClock(at: fire, offset: times.zone.offset(at: fire))
            if local.date.year > year { break }
            if local.date.year == year {
                if limit.map({ fires.count < $0 }) ?? true {
                    fires.append(ShownFire(fire, of: times, after: previous))
                } else {
                    more += 1
                }
            }
            previous = fire
            next = times.next(after: fire)
        }
        self.fires = fires
        self.more = more
        isCountCut = more == FireYear.mostCounted
        changes = times.zone.transitions(in: FireYear.before(year)..<FireYear.before(year + 1).advanced(by: margin * 2))
            .filter { $0.clocks.before.date.year == year || $0.clocks.after.date.year == year }
    }

    /// An instant at which the year has begun nowhere.
    private static func before(_ year: Int64) -> UTCInstant {
        let day = CivilDate(year: year, month: 1, day: 1)?.daysSinceEpoch ?? 0
        return UTCInstant(secondsSinceEpoch: day * 86_400).advanced(by: .zero - margin)
    }
}

/// No clock is further from UTC than this.
private let margin: Duration = .seconds(2 * 86_400)
