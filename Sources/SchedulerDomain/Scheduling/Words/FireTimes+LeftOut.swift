extension FireTimes {
    /// Tells which matching times the last gap between two instants left out; nil: none.
    ///
    /// A time that fires after its gap is not left out; its own remark tells of it.
    ///
    /// - Parameter day: a day whose date need not be said.
    func leftOut(after previous: UTCInstant, through fire: UTCInstant, day: WallClock) -> String? {
        guard let calendar = expression.calendar, !(calendar.isFixed && gapPolicy == .runAfter),
            let change = zone.previousTransition(atOrBefore: fire), change.isGap, change.instant > previous
        else { return nil }
        let search = FireSearch(calendar: calendar, zone: zone, gapPolicy: gapPolicy, repeatPolicy: repeatPolicy)
        let segment = zone.segment(at: change.instant.secondsSinceEpoch)
        var times: [String] = []
        var from: Int64?
        while times.count <= 3, let missing = search.firstMissing(before: segment, from: from) {
            times.append(times.count < 3 ? Phrase.time(WallClock(secondsSinceEpoch: missing), on: day) : "others")
            from = missing + 1
        }
        guard !times.isEmpty else { return nil }
        return "\(Phrase.list(times)) \(times.count == 1 ? "is" : "are") left out: \(change.words())"
    }
}
