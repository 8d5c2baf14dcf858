public import SchedulerErrors

/// The offsets of one IANA time zone, at any instant.
///
/// A table of its changes, read from a compiled zone file, and the rule that goes on after the table's end. Changes
/// that leave the offset as it was (a new abbreviation, say) are no changes here.
public struct ZoneRules: Sendable, Hashable {
    /// The IANA name.
    public let name: String
    /// Every period between two changes of offset, abbreviation or daylight flag; at least one.
    private let periods: [ZonePeriod]
    private let abbreviations: [String]
    /// Where each period of one offset begins, the first at `Segment.earliest`.
    private let starts: [Int64]
    /// Its offset; as many as `starts`.
    private let offsets: [Int64]
    /// What holds from the last of `starts`; nil: its offset, for ever.
    private let tail: PosixZone?
    /// The smallest and the largest offset that the zone ever has.
    let offsetRange: ClosedRange<Int64>

    /// Coordinated Universal Time, which needs no file.
    public static let utc = ZoneRules(
        name: "UTC",
        table: ZoneTable(
            periods: [ZonePeriod(start: Segment.earliest, offset: 0, isDaylight: false, abbreviation: 0)],
            abbreviations: ["UTC"], tail: nil))

    /// Reads the bytes of a compiled zone file (TZif).
    ///
    /// - Throws: `validation` for the field `timezone` where they are no such file, damaged, or count leap seconds.
    /// - SeeAlso: RFC 8536 and its successor RFC 9636, "The Time Zone Information Format (TZif)".
    public init(name: String, file: [UInt8]) throws(SchedulerError) {
        do {
            self.init(name: name, table: try TZifReader.table(of: file))
        } catch {
            throw .invalid("timezone", "the zone file of \"\(name)\" cannot be read: \(error.reason)")
        }
    }

    private init(name: String, table: ZoneTable) {
        self.name = name
        periods = table.periods
        abbreviations = table.abbreviations
        tail = table.tail.flatMap { $0.daylight == nil ? nil : $0 }
        var starts: [Int64] = []
        var offsets: [Int64] = []
        for period in table.periods where offsets.last != Int64(period.offset) {
            starts.append(starts.isEmpty ? Segment.earliest : period.start)
            offsets.append(Int64(period.offset))
        }
        self.starts = starts
        self.offsets = offsets
        let all = offsets + [tail?.standard.offset, tail?.daylight?.offset].compactMap { $0 }
        offsetRange = (all.min() ?? 0)...(all.max() ?? 0)
    }

    /// Seconds east of UTC at an instant.
    public func offset(at instant: UTCInstant) -> Int { Int(offset(at: instant.secondsSinceEpoch)) }

    /// What the zone's clock calls itself at an instant: `CET`, `+0545`.
    public func abbreviation(at instant: UTCInstant) -> String {
        let second = instant.secondsSinceEpoch
        if let tail, let last = starts.last, second >= last { return tail.period(at: second).abbreviation }
        return abbreviations[Int(period(at: second).abbreviation)]
    }

    /// Whether the zone calls its time at an instant daylight saving; in Dublin and Casablanca that is said of winter.
    public func isDaylight(at instant: UTCInstant) -> Bool {
        let second = instant.secondsSinceEpoch
        if let tail, let last = starts.last, second >= last { return tail.period(at: second).isDaylight }
        return period(at: second).isDaylight
    }

    /// Seconds east of UTC at a second.
    func offset(at second: Int64) -> Int64 {
        let index = index(at: second)
        if let tail, index == starts.count - 1 { return tail.period(at: second).offset }
        return offsets[index]
    }

    /// The time around a second through which the offset stays the same.
    func segment(at second: Int64) -> Segment {
        let index = index(at: second)
        if let tail, index == starts.count - 1 { return tail.segment(at: second, notBefore: starts[index]) }
        return Segment(
            start: starts[index], end: index + 1 < starts.count ? starts[index + 1] : Segment.latest,
            offset: offsets[index])
    }

    /// The second of the first change; that of the table's last one; both 0 where there is none.
    var firstChange: Int64 { starts.count > 1 ? starts[1] : 0 }
    var lastChange: Int64 { starts.count > 1 ? starts[starts.count - 1] : 0 }

    /// The last index whose start is at or before `second`.
    private func index(at second: Int64) -> Int {
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= second { low = middle } else { high = middle }
        }
        return low
    }

    private func period(at second: Int64) -> ZonePeriod {
        var low = 0
        var high = periods.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if periods[middle].start <= second { low = middle } else { high = middle }
        }
        return periods[low]
    }
}
