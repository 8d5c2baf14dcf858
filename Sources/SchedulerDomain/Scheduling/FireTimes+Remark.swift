extension FireTimes {
    /// What is unusual about a fire time.
    public enum Remark: Sendable, Hashable {
        /// It was moved to the first instant after a gap: the wall-clock times that it stands for do not exist.
        ///
        /// At most ten are named; `more` says whether there are others.
        case afterGap(missing: [WallClock], more: Bool)
        /// The wall clock shows its time again later.
        case firstPass
        /// The wall clock has shown its time before.
        case secondPass
    }

    /// Returns what is unusual about a fire time; nil: nothing.
    public func remark(at fire: UTCInstant) -> Remark? {
        guard let calendar = expression.calendar else { return nil }
        let second = fire.secondsSinceEpoch
        let segment = zone.segment(at: second)
        if segment.start == second, calendar.isFixed, gapPolicy == .runAfter {
            let missing = self.missing(before: segment, calendar)
            if !missing.isEmpty {
                return .afterGap(missing: Array(missing.prefix(10)), more: missing.count > 10)
            }
        }
        let wall = second + segment.offset
        if let first = zone.firstSegment(showing: wall), first != segment { return .secondPass }
        if let last = zone.lastSegment(showing: wall), last != segment { return .firstPass }
        return nil
    }

    /// The first eleven matching times of the gap before a segment.
    private func missing(before segment: ZoneRules.Segment, _ calendar: CronCalendar) -> [WallClock] {
        let search = FireSearch(calendar: calendar, zone: zone, gapPolicy: gapPolicy, repeatPolicy: repeatPolicy)
        var missing: [WallClock] = []
        var wall: Int64?
        while missing.count <= 10, let next = search.firstMissing(before: segment, from: wall) {
            missing.append(WallClock(secondsSinceEpoch: next))
            wall = next + 1
        }
        return missing
    }
}
