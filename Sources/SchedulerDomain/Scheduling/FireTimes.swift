/// The fire times of an expression in a time zone, within a window.
///
/// Daylight saving, and every other change of a zone's offset: a fixed schedule (`CronExpression.isFixed`) whose time
/// falls into a gap fires once at the first instant after it, and in an overlap once, the first time, unless the
/// policies say otherwise. A wildcard schedule fires at every real instant whose wall clock matches, so it follows
/// elapsed time. A fixed rate (`@every`) counts from `start`, or from the Unix epoch, and knows no zone.
public struct FireTimes: Sendable, Hashable {
    public let expression: CronExpression
    public let zone: ZoneRules
    /// No fire time before it; nil: no bound.
    public let start: UTCInstant?
    /// No fire time after it; nil: no bound.
    public let end: UTCInstant?
    public let gapPolicy: GapPolicy
    public let repeatPolicy: RepeatPolicy

    public init(
        _ expression: CronExpression,
        in zone: ZoneRules,
        from start: UTCInstant? = nil,
        through end: UTCInstant? = nil,
        gapPolicy: GapPolicy = .runAfter,
        repeatPolicy: RepeatPolicy = .first
    ) {
        self.expression = expression
        self.zone = zone
        self.start = start
        self.end = end
        self.gapPolicy = gapPolicy
        self.repeatPolicy = repeatPolicy
    }

    /// Returns the fire times of a task; nil where it has no schedule.
    ///
    /// - Throws: `validation` for an expression or zone that cannot be read.
    public init?(of spec: TaskSpec, zones: any ZoneCatalog) throws {
        guard let schedule = spec.schedule else { return nil }
        self.init(
            try CronExpression(parsing: schedule), in: try zones.zone(spec.timezone), from: spec.startDate,
            through: spec.endDate, gapPolicy: spec.gapPolicy, repeatPolicy: spec.repeatPolicy)
    }

    /// Returns the first fire time strictly after an instant; nil: never again.
    public func next(after instant: UTCInstant) -> UTCInstant? {
        guard earliest <= latest, instant < latest else { return nil }
        // A start that is itself a fire time counts.
        let instant = max(instant, earliest.advanced(by: .microseconds(-1)))
        if let rate {
            let fire = rate.next(after: instant)
            return fire <= latest ? fire : nil
        }
        return first(from: instant.secondsSinceEpoch + 1, through: latest.secondsSinceEpoch)
            .map(UTCInstant.init(secondsSinceEpoch:))
    }

    /// Returns the last fire time strictly before an instant; nil: there is none.
    public func previous(before instant: UTCInstant) -> UTCInstant? {
        guard earliest <= latest, instant > earliest else { return nil }
        // So does the end.
        let instant = min(instant, latest.advanced(by: .microseconds(1)))
        if let rate {
            let fire = rate.previous(before: instant)
            return fire >= earliest ? fire : nil
        }
        return last(from: earliest.roundedUp, through: instant.roundedUp - 1)
            .map(UTCInstant.init(secondsSinceEpoch:))
    }

    private var earliest: UTCInstant { max(start ?? .distantPast, .distantPast) }
    private var latest: UTCInstant { min(end ?? .distantFuture, .distantFuture) }

    private var rate: FixedRate? {
        guard case .every(let seconds) = expression.form else { return nil }
        return FixedRate(anchor: max(start ?? .epoch, .distantPast), seconds: seconds)
    }

    /// Returns the last fire time before `limit`, given that `first` is one.
    ///
    /// - Precondition: `first` is a fire time before `limit`.
    public func last(from first: UTCInstant, before limit: UTCInstant) -> UTCInstant {
        precondition(first < limit, "the first fire time lies before the limit")
        return max(first, previous(before: limit) ?? first)
    }

    /// The first fire time of the calendar among whole seconds.
    private func first(from lower: Int64, through upper: Int64) -> Int64? {
        guard let calendar = expression.calendar else { return nil }
        // Calendar and zones repeat after 400 years, so what did not come by then never does.
        let bound = max(lower, zone.lastChange) + FireTimes.cycle
        let search = FireSearch(calendar: calendar, zone: zone, gapPolicy: gapPolicy, repeatPolicy: repeatPolicy)
        return search.first(from: lower, through: min(upper, bound))
    }

    /// The last fire time of the calendar among whole seconds.
    private func last(from lower: Int64, through upper: Int64) -> Int64? {
        guard let calendar = expression.calendar else { return nil }
        // Before the zone's first change there is neither gap nor overlap.
        let bound = min(upper, zone.firstChange) - FireTimes.cycle
        let search = FireSearch(calendar: calendar, zone: zone, gapPolicy: gapPolicy, repeatPolicy: repeatPolicy)
        return search.last(from: max(lower, bound), through: upper)
    }

    /// 400 years of the Gregorian calendar, in seconds: 146,097 days, a whole number of weeks.
    private static let cycle: Int64 = 146_097 * 86_400
}

/// A fixed rate: an instant and every whole number of intervals from it, before and after.
private struct FixedRate {
    private let anchor: Int64
    private let interval: Int64

    init(anchor: UTCInstant, seconds: Int) {
        self.anchor = anchor.microsecondsSinceEpoch
        interval = Int64(seconds) * 1_000_000
    }

    func next(after instant: UTCInstant) -> UTCInstant {
        at((instant.microsecondsSinceEpoch - anchor).floorDivided(by: interval) + 1)
    }

    func previous(before instant: UTCInstant) -> UTCInstant {
        at((instant.microsecondsSinceEpoch - anchor - 1).floorDivided(by: interval))
    }

    private func at(_ count: Int64) -> UTCInstant { UTCInstant(microsecondsSinceEpoch: anchor + count * interval) }
}

extension UTCInstant {
    /// The first whole second at or after it.
    fileprivate var roundedUp: Int64 {
        let second = secondsSinceEpoch
        return microsecondsSinceEpoch == second * 1_000_000 ? second : second + 1
    }
}
