/// What a zone file says, before it is made ready for look-ups.
struct ZoneTable: Sendable, Hashable {
    /// In order of their starts; at least one.
    var periods: [ZonePeriod]
    var abbreviations: [String]
    /// What holds from the last period on, it included; nil: the last period, for ever.
    var tail: PosixZone?

    /// Writes the rule of the tail out as periods through the year 2100, so that look-ups in our time are quick.
    mutating func unroll() {
        guard let tail, tail.daylight != nil, let last = periods.last else { return }
        let begin = max(last.start, ZoneTable.firstUnrolled)
        let firstYear = CivilDate(daysSinceEpoch: begin.floorDivided(by: 86_400)).year - 1
        guard firstYear < ZoneTable.lastUnrolledYear else { return }
        // The rule holds from the last change on, so what it says replaces what the table says.
        if begin == last.start { periods.removeLast() }
        append(tail, from: begin)
        for year in firstYear...ZoneTable.lastUnrolledYear {
            for change in tail.changes(in: year) where change > begin { append(tail, from: change) }
        }
    }

    private mutating func append(_ tail: PosixZone, from start: Int64) {
        let period = tail.period(at: start)
        let index = abbreviations.firstIndex(of: period.abbreviation) ?? abbreviations.count
        if index == abbreviations.count { abbreviations.append(period.abbreviation) }
        periods.append(
            ZonePeriod(
                start: start, offset: Int32(period.offset), isDaylight: period.isDaylight,
                abbreviation: UInt16(index)))
    }

    private static let lastUnrolledYear: Int64 = 2_100
    /// 1900-01-01: no rule of today is older, and a file without a table does not tell when its rule began.
    private static let firstUnrolled: Int64 = -2_208_988_800
}

/// A time through which offset, abbreviation and daylight flag stay the same.
struct ZonePeriod: Sendable, Hashable {
    /// Its first second.
    var start: Int64
    /// Seconds east of UTC.
    var offset: Int32
    var isDaylight: Bool
    /// An index into the table's abbreviations.
    var abbreviation: UInt16
}

/// Why a zone file cannot be read.
struct ZoneFileFault: Error {
    let reason: String
}
