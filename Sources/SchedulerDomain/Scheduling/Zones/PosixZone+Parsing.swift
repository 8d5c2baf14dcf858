extension PosixZone {
    /// Reads `CET-1CEST,M3.5.0,M10.5.0/3`, `<+0545>-5:45` and all else that a footer may hold.
    ///
    /// POSIX counts offsets to the west; ours count to the east.
    init(parsing text: ArraySlice<UInt8>) throws(ZoneFileFault) {
        var reader = PosixReader(rest: text)
        guard let zone = reader.zone(), reader.rest.isEmpty else {
            throw ZoneFileFault(
                reason: "its footer \"\(String(decoding: text, as: UTF8.self))\" is not a POSIX time zone")
        }
        self = zone
    }
}

/// Reads one part after the other; nil: it is not there.
private struct PosixReader {
    var rest: ArraySlice<UInt8>

    mutating func zone() -> PosixZone? {
        guard let name = name(), let west = time(hours: 24) else { return nil }
        let standard = PosixZone.Period(abbreviation: name, offset: -west, isDaylight: false)
        if rest.isEmpty { return PosixZone(standard: standard, daylight: nil) }
        guard let daylightName = self.name() else { return nil }
        var offset = standard.offset + 3_600
        if rest.first != UInt8(ascii: ",") {
            guard let west = time(hours: 24) else { return nil }
            offset = -west
        }
        guard PosixZone.offsets.contains(offset), take(","), let start = date(), take(","), let end = date() else {
            return nil
        }
        return PosixZone(
            standard: standard,
            daylight: PosixZone.Daylight(
                period: PosixZone.Period(abbreviation: daylightName, offset: offset, isDaylight: true), start: start,
                end: end))
    }

    /// Letters, or more between angle brackets.
    private mutating func name() -> String? {
        let isQuoted = take("<")
        let name = rest.prefix { byte in
            let isLetter = (0x41...0x5A).contains(byte & 0xDF)
            return isLetter || isQuoted && ((0x30...0x39).contains(byte) || byte == 0x2B || byte == 0x2D)
        }
        rest = rest[name.endIndex...]
        guard name.count >= 3, name.count <= 32, !isQuoted || take(">") else { return nil }
        return String(decoding: name, as: UTF8.self)
    }

    /// `[+-]h[:m[:s]]` in seconds.
    private mutating func time(hours limit: Int64) -> Int64? {
        let sign: Int64 = take("-") ? -1 : 1
        if sign == 1 { _ = take("+") }
        guard let hours = number(upTo: limit) else { return nil }
        var seconds = hours * 3_600
        if take(":") {
            guard let minutes = number(upTo: 59) else { return nil }
            seconds += minutes * 60
            if take(":") {
                guard let more = number(upTo: 59) else { return nil }
                seconds += more
            }
        }
        return sign * seconds
    }

    /// `Mm.w.d`, `Jn` or `n`, with `/time` where that is not 02:00.
    private mutating func date() -> PosixZone.Date? {
        guard let day = day() else { return nil }
        guard take("/") else { return PosixZone.Date(day: day, time: 7_200) }
        return time(hours: 167).map { PosixZone.Date(day: day, time: $0) }
    }

    private mutating func day() -> PosixZone.Date.Day? {
        if take("M") {
            guard let month = number(upTo: 12), month >= 1, take("."), let week = number(upTo: 5), week >= 1, take("."),
                let weekday = number(upTo: 6)
            else { return nil }
            return .weekday(Int(weekday), week: Int(week), month: Int(month))
        }
        if take("J") {
            guard let day = number(upTo: 365), day >= 1 else { return nil }
            return .julian(Int(day))
        }
        return number(upTo: 365).map { .ordinal(Int($0)) }
    }

    /// One to three digits.
    private mutating func number(upTo limit: Int64) -> Int64? {
        var value: Int64 = 0
        var digits = 0
        while let byte = rest.first, (0x30...0x39).contains(byte), digits < 3 {
            value = value * 10 + Int64(byte - 0x30)
            digits += 1
            rest = rest.dropFirst()
        }
        return digits > 0 && value <= limit ? value : nil
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }
}
