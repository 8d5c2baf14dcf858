/// The fire times of an expression in a time zone, within a window.
///
/// Daylight saving: a fixed schedule (`CronExpression.isFixed`) whose time falls into a gap fires once at the first
/// instant after it, and in an overlap once, the first time. A wildcard schedule fires at every real instant whose
/// wall clock matches, so it follows elapsed time.
public struct FireTimes: Sendable, Hashable {
    public let expression: CronExpression
    public let zone: ZoneRules
    /// No fire time before it; nil: no bound.
    public let start: UTCInstant?
    /// No fire time after it; nil: no bound.
    public let end: UTCInstant?

    public init(
        _ expression: CronExpression, in zone: ZoneRules, from start: UTCInstant? = nil, through end: UTCInstant? = nil
    ) {
        self.expression = expression
        self.zone = zone
        self.start = start
        self.end = end
    }

    /// Returns the fire times of a task; nil where it has no schedule.
    ///
    /// - Throws: `validation` for an expression or zone that cannot be read.
    public init?(of spec: TaskSpec, zones: any ZoneCatalog) throws {
        guard let schedule = spec.schedule else { return nil }
        self.init(
            try CronExpression(parsing: schedule), in: try zones.zone(spec.timezone), from: spec.startDate,
            through: spec.endDate)
    }

    /// Returns the first fire time strictly after an instant; nil: never again.
    public func next(after instant: UTCInstant) -> UTCInstant? {
        var after = instant
        if let start, start > after {
            // A start that is itself a fire time counts.
            after = start.advanced(by: .microseconds(-1))
        }
        guard let seconds = expression.isFixed ? nextFixed(after: after) : nextWildcard(after: after) else {
            return nil
        }
        let fire = UTCInstant(secondsSinceEpoch: seconds)
        guard fire <= UTCInstant.distantFuture else { return nil }
        if let end, fire > end { return nil }
        return fire
    }

    /// Returns the last fire time before `limit`, given that `first` is one.
    ///
    /// A binary search over `next(after:)`, which never falls as its argument grows: some thirty steps for any distance.
    /// - Precondition: `first` is a fire time before `limit`.
    public func last(from first: UTCInstant, before limit: UTCInstant) -> UTCInstant {
        precondition(first < limit, "the first fire time lies before the limit")
        var low = first.secondsSinceEpoch
        var high = limit.secondsSinceEpoch
        var last = first
        while low < high {
            let middle = low + (high - low + 1) / 2
            // Asked from just before `middle`, so that `middle` itself counts.
            let probe = UTCInstant(secondsSinceEpoch: middle).advanced(by: .microseconds(-1))
            if let fire = next(after: probe), fire < limit {
                last = fire
                low = max(middle, fire.secondsSinceEpoch)
            } else {
                high = middle - 1
            }
        }
        return last
    }

    private func nextFixed(after instant: UTCInstant) -> Int64? {
        let second = instant.secondsSinceEpoch
        // Every wall-clock time up to the present one was shown already, or its gap is over.
        var wallClock = second + zone.offset(at: second)
        while let candidate = expression.firstWallClock(from: wallClock) {
            let fire = self.instant(ofWallClock: candidate)
            if fire > second { return fire }
            wallClock = candidate + 1
        }
        return nil
    }

    /// The first instant that shows the wall-clock time; inside a gap, the first instant after it.
    private func instant(ofWallClock wallClock: Int64) -> Int64 {
        let before = zone.offset(at: wallClock - 86_400)
        let after = zone.offset(at: wallClock + 86_400)
        let candidates = [wallClock - before, wallClock - after].sorted()
        if let exact = candidates.first(where: { $0 + zone.offset(at: $0) == wallClock }) { return exact }
        let transition = zone.nextTransition(after: wallClock - max(before, after) - 1)
        return transition ?? wallClock - after
    }

    private func nextWildcard(after instant: UTCInstant) -> Int64? {
        var from = instant.secondsSinceEpoch + 1
        while true {
            let offset = zone.offset(at: from)
            guard let wallClock = expression.firstWallClock(from: from + offset) else { return nil }
            let candidate = wallClock - offset
            guard let transition = zone.nextTransition(after: from), transition <= candidate else { return candidate }
            from = transition
        }
    }
}
