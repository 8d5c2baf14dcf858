extension FireTimes {
    /// Tells which matching times the gaps between two instants left out; nil: none.
    ///
    /// A time that fires after its gap is not left out; its own remark tells of it. Only so many gaps are named, and so
    /// many changes of the clock looked at, that a schedule of once in centuries costs little.
    ///
    /// - Parameter day: a day whose date need not be said.
    func leftOut(after previous: UTCInstant, through fire: UTCInstant, day: WallClock) -> String? {
        guard leavesOut else { return nil }
        var sentences: [String] = []
        var change = zone.nextTransition(after: previous)
        var looked = 0
        while let gap = change, gap.instant <= fire, looked < FireTimes.mostLooked {
            if let times = timesLeftOut(by: gap, day: day) {
                guard sentences.count < FireTimes.mostNamed else {
                    sentences.append("later gaps leave out others")
                    break
                }
                sentences.append("\(times): \(gap.words())")
            }
            looked += 1
            change = zone.nextTransition(after: gap.instant)
        }
        return sentences.isEmpty ? nil : sentences.joined(separator: "; ")
    }

    /// Tells which matching times one change of the clock leaves out: `02:30 is left out`; nil: none.
    ///
    /// - Parameter day: a day whose date need not be said.
    func timesLeftOut(by gap: ZoneRules.Transition, day: WallClock) -> String? {
        guard let calendar = expression.calendar, leavesOut, gap.isGap else { return nil }
        let search = FireSearch(calendar: calendar, zone: zone, gapPolicy: gapPolicy, repeatPolicy: repeatPolicy)
        let segment = zone.segment(at: gap.instant.secondsSinceEpoch)
        var times: [String] = []
        var from: Int64?
        while times.count <= 3, let missing = search.firstMissing(before: segment, from: from) {
            times.append(times.count < 3 ? Phrase.time(WallClock(secondsSinceEpoch: missing), on: day) : "others")
            from = missing + 1
        }
        guard !times.isEmpty else { return nil }
        return "\(Phrase.list(times)) \(times.count == 1 ? "is" : "are") left out"
    }

    private var leavesOut: Bool { expression.calendar.map { !($0.isFixed && gapPolicy == .runAfter) } ?? false }

    private static let mostNamed = 3
    /// Five hundred years of two changes each.
    private static let mostLooked = 1_000
}
