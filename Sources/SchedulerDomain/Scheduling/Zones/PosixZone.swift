/// The rule in a zone file's footer: a standard time and, for zones that go on changing, another one with its dates.
///
/// - SeeAlso: POSIX.1-2017, XBD 8.3, environment variable `TZ`; RFC 8536, section 3.3.1.
struct PosixZone: Sendable, Hashable {
    struct Period: Sendable, Hashable {
        let abbreviation: String
        /// Seconds east of UTC.
        let offset: Int64
        let isDaylight: Bool
    }

    /// A day of each year with a time of day.
    struct Date: Sendable, Hashable {
        enum Day: Sendable, Hashable {
            /// 1–365; 29 February is not counted.
            case julian(Int)
            /// 0–365; 29 February is counted.
            case ordinal(Int)
            /// Weekday 0–6 of week 1–5 of a month; week 5 is the last.
            case weekday(Int, week: Int, month: Int)
        }

        let day: Day
        /// Seconds after midnight, −167 to 167 hours.
        let time: Int64

        /// The second of the wall clock that it names in a year.
        func wallClock(in year: Int64) -> Int64 { daysSinceEpoch(in: year) * 86_400 + time }

        private func daysSinceEpoch(in year: Int64) -> Int64 {
            let newYear = CivilDate.daysSinceEpoch(year: year, month: 1, day: 1)
            switch day {
            case .julian(let day): return newYear + Int64(day) - (CivilDate.isLeap(year) && day >= 60 ? 0 : 1)
            case .ordinal(let day): return newYear + Int64(day)
            case .weekday(let weekday, let week, let number):
                let month = CivilMonth(year: year, month: number)
                let day = month.firstDay(of: weekday) + 7 * (week - 1)
                return month.daysSinceEpoch + Int64(day > month.length ? day - 8 : day - 1)
            }
        }
    }

    struct Daylight: Sendable, Hashable {
        let period: Period
        let start: Date
        let end: Date

        var offset: Int64 { period.offset }
    }

    /// What an offset may be: RFC 8536 allows from −25 to 26 hours, both not reached.
    static let offsets: ClosedRange<Int64> = -89_999...93_599

    let standard: Period
    let daylight: Daylight?

    /// The period that holds at a second.
    func period(at second: Int64) -> Period {
        guard let daylight else { return standard }
        let year = year(at: second)
        var latest = Int64.min
        var period = standard
        for year in (year - 1)...(year + 1) {
            let end = end(of: daylight, in: year)
            if end <= second, end > latest { (latest, period) = (end, standard) }
            // Where one daylight time begins as the last one ends, daylight time goes on.
            let start = start(of: daylight, in: year)
            if start <= second, start >= latest { (latest, period) = (start, daylight.period) }
        }
        return period
    }

    /// The seconds at which the offset may change by the rules of one year, in order.
    func changes(in year: Int64) -> [Int64] {
        guard let daylight else { return [] }
        return [start(of: daylight, in: year), end(of: daylight, in: year)].sorted()
    }

    /// The time around a second through which the offset stays the same.
    func segment(at second: Int64, notBefore earliest: Int64) -> ZoneRules.Segment {
        ZoneRules.Segment(
            start: max(earliest, previousChange(atOrBefore: second) ?? earliest),
            end: nextChange(after: second) ?? ZoneRules.Segment.latest, offset: period(at: second).offset)
    }

    /// Nine years hold a leap year in any case, after which everything has happened that can.
    private static let searchedYears: Int64 = 9

    private func nextChange(after second: Int64) -> Int64? {
        let year = year(at: second)
        for year in (year - 1)...(year + PosixZone.searchedYears) {
            if let change = change(in: year, where: { $0 > second }, latest: false) { return change }
        }
        return nil
    }

    private func previousChange(atOrBefore second: Int64) -> Int64? {
        let year = year(at: second)
        for year in stride(from: year + 1, through: year - PosixZone.searchedYears, by: -1) {
            if let change = change(in: year, where: { $0 <= second }, latest: true) { return change }
        }
        return nil
    }

    /// The first or the last real change by one year's rules that a test allows.
    private func change(in year: Int64, where allows: (Int64) -> Bool, latest: Bool) -> Int64? {
        guard let daylight else { return nil }
        let start = start(of: daylight, in: year)
        let end = end(of: daylight, in: year)
        let early = min(start, end)
        let late = max(start, end)
        let (first, second) = latest ? (late, early) : (early, late)
        if allows(first), isChange(first) { return first }
        if allows(second), isChange(second) { return second }
        return nil
    }

    private func isChange(_ second: Int64) -> Bool { period(at: second).offset != period(at: second - 1).offset }

    private func start(of daylight: Daylight, in year: Int64) -> Int64 {
        daylight.start.wallClock(in: year) - standard.offset
    }

    private func end(of daylight: Daylight, in year: Int64) -> Int64 {
        daylight.end.wallClock(in: year) - daylight.offset
    }

    private func year(at second: Int64) -> Int64 { CivilDate(daysSinceEpoch: second.floorDivided(by: 86_400)).year }
}
