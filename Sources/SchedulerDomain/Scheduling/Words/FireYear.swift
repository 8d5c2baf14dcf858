/// A calendar year of a schedule, on its zone's clock: its fire times, and where the clock is put forward or back.
///
/// In order, and computed as they are asked for: a year has 31 million seconds.
public struct FireYear: Sequence, Sendable {
    public enum Item: Sendable, Hashable {
        case fire(ShownFire)
        /// A change of the zone's offset, also where no fire time falls on it.
        case change(ShownChange)
        /// How many fire times follow those that were asked for; cut: at least so many, it was not counted further.
        case more(Int, isCut: Bool)
    }

    private let year: Int64
    private let times: FireTimes
    private let limit: Int?

    /// Beyond the limit no more than these are counted.
    public static let mostCounted = 100_000

    /// - Parameter limit: how many fire times to list, the others are counted; nil: all.
    public init(_ year: Int64, of times: FireTimes, limit: Int? = nil) {
        self.year = year
        self.times = times
        self.limit = limit
    }

    public func makeIterator() -> Iterator { Iterator(year, of: times, limit: limit) }

    /// The changes of the zone's offset in the year.
    fileprivate static func changes(_ year: Int64, of times: FireTimes) -> [ZoneRules.Transition] {
        times.zone.transitions(in: before(year)..<before(year + 1).advanced(by: margin * 2))
            .filter { $0.clocks.before.date.year == year || $0.clocks.after.date.year == year }
    }

    /// An instant at which the year has begun nowhere.
    fileprivate static func before(_ year: Int64) -> UTCInstant {
        let day = CivilDate(year: year, month: 1, day: 1)?.daysSinceEpoch ?? 0
        return UTCInstant(secondsSinceEpoch: day * 86_400).advanced(by: .zero - margin)
    }

    /// No clock is further from UTC than this.
    private static let margin: Duration = .seconds(2 * 86_400)
}

extension FireYear {
    /// Goes through a year once.
    public struct Iterator: IteratorProtocol {
        private let year: Int64
        private let times: FireTimes
        /// How many fire times may still be listed; nil: all.
        private var left: Int?
        /// The fire time before `fire`, or a time before the year.
        private var previous: UTCInstant
        /// The next fire time of the year; nil: there is none.
        private var fire: UTCInstant?
        private var changes: ArraySlice<ZoneRules.Transition>

        fileprivate init(_ year: Int64, of times: FireTimes, limit: Int?) {
            self.year = year
            self.times = times
            left = limit
            previous = FireYear.before(year)
            changes = FireYear.changes(year, of: times)[...]
            fire = nil
            advance(after: previous)
        }

        public mutating func next() -> Item? {
            if left == 0, fire != nil { return rest() }
            if let change = changes.first, fire.map({ change.instant <= $0 }) ?? true {
                changes.removeFirst()
                return .change(ShownChange(change, of: times))
            }
            guard let fire else { return nil }
            let shown = ShownFire(fire, of: times, after: previous)
            left = left.map { $0 - 1 }
            advance(after: fire)
            return .fire(shown)
        }

        /// Counts what is not listed.
        private mutating func rest() -> Item {
            var count = 0
            while let time = fire, count < FireYear.mostCounted {
                count += 1
                advance(after: time)
            }
            let isCut = fire != nil
            fire = nil
            return .more(count, isCut: isCut)
        }

        private mutating func advance(after instant: UTCInstant) {
            previous = instant
            fire = times.next(after: instant)
            while let time = fire {
                let found = WallClock(at: time, offset: times.zone.offset(at: time)).date.year
                if found == year { return }
                previous = time
                fire = found < year ? times.next(after: time) : nil
            }
        }
    }
}
