/// Reads compiled zone files; every read is checked against the file's end, so no file makes it trap.
///
/// - SeeAlso: RFC 8536, "The Time Zone Information Format (TZif)", section 3.
struct TZifReader {
    private let bytes: [UInt8]
    private var position = 0

    /// Returns what the file says: its 64-bit block and footer, or the 32-bit block of a version 1 file.
    static func table(of file: [UInt8]) throws(ZoneFileFault) -> ZoneTable {
        var reader = TZifReader(bytes: file)
        var header = try reader.header()
        guard header.version > 1 else { return try reader.block(header, timeSize: 4) }
        try reader.skip(header.size(timeSize: 4))
        header = try reader.header()
        var table = try reader.block(header, timeSize: 8)
        table.tail = try reader.footer()
        table.unroll()
        return table
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private struct Header {
        let version: Int
        let isUTCount: Int
        let isStandardCount: Int
        let leapCount: Int
        let timeCount: Int
        let typeCount: Int
        let characterCount: Int

        func size(timeSize: Int) -> Int {
            timeCount * (timeSize + 1) + typeCount * 6 + characterCount + leapCount * (timeSize + 4) + isStandardCount
                + isUTCount
        }
    }

    private mutating func header() throws(ZoneFileFault) -> Header {
        guard try take(4).elementsEqual("TZif".utf8) else { throw ZoneFileFault(reason: "it is not a TZif file") }
        let version = try take(1).first ?? 0
        try skip(15)
        let header = Header(
            version: version == 0 ? 1 : Int(version) - 0x30, isUTCount: try count(), isStandardCount: try count(),
            leapCount: try count(), timeCount: try count(), typeCount: try count(), characterCount: try count())
        guard header.version >= 1, header.typeCount >= 1, header.typeCount <= 256, header.characterCount >= 1,
            header.isUTCount == 0 || header.isUTCount == header.typeCount,
            header.isStandardCount == 0 || header.isStandardCount == header.typeCount
        else { throw ZoneFileFault(reason: "its header is damaged") }
        return header
    }

    private mutating func block(_ header: Header, timeSize: Int) throws(ZoneFileFault) -> ZoneTable {
        guard header.leapCount == 0 else { throw ZoneFileFault(reason: "it counts leap seconds") }
        guard bytes.count - position >= header.size(timeSize: timeSize) else { throw ZoneFileFault.tooShort }
        var times: [Int64] = []
        for _ in 0..<header.timeCount {
            let time = min(max(try integer(timeSize), ZoneRules.Segment.earliest + 1), ZoneRules.Segment.latest - 1)
            guard times.last.map({ $0 < time }) ?? true else {
                throw ZoneFileFault(reason: "its times are not in order")
            }
            times.append(time)
        }
        let indexes = try take(header.timeCount)
        var types: [ZonePeriod] = []
        for _ in 0..<header.typeCount { types.append(try type()) }
        let names = try take(header.characterCount)
        try skip(header.isStandardCount + header.isUTCount)
        var abbreviations = ZoneAbbreviations(bytes: names)
        for index in types.indices {
            types[index].abbreviation = try abbreviations.index(of: Int(types[index].abbreviation))
        }
        var periods = [types[0]]
        for (time, index) in zip(times, indexes) {
            guard Int(index) < types.count else { throw ZoneFileFault(reason: "it names a type that it does not have") }
            periods.append(types[Int(index)])
            periods[periods.count - 1].start = time
        }
        return ZoneTable(periods: periods, abbreviations: abbreviations.names, tail: nil)
    }

    private mutating func type() throws(ZoneFileFault) -> ZonePeriod {
        let offset = try integer(4)
        let flags = Array(try take(2))
        guard PosixZone.offsets.contains(offset), flags[0] <= 1 else {
            throw ZoneFileFault(reason: "one of its types is damaged")
        }
        return ZonePeriod(
            start: ZoneRules.Segment.earliest, offset: Int32(offset), isDaylight: flags[0] == 1,
            abbreviation: UInt16(flags[1]))
    }

    /// The rule between two line ends; nil where it is empty.
    private mutating func footer() throws(ZoneFileFault) -> PosixZone? {
        let newline = UInt8(ascii: "\n")
        guard try take(1).first == newline, let end = bytes[position...].firstIndex(of: newline) else {
            throw ZoneFileFault(reason: "its footer is damaged")
        }
        let text = bytes[position..<end]
        return text.isEmpty ? nil : try PosixZone(parsing: text)
    }

    private mutating func count() throws(ZoneFileFault) -> Int {
        let count = Int(UInt32(truncatingIfNeeded: try integer(4)))
        // No count can be larger than the file; sums of such stay far from overflow.
        guard count <= bytes.count else { throw ZoneFileFault.tooShort }
        return count
    }

    /// A big-endian signed number of four or eight bytes.
    private mutating func integer(_ size: Int) throws(ZoneFileFault) -> Int64 {
        let value = try take(size).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return size == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
    }

    private mutating func skip(_ count: Int) throws(ZoneFileFault) { _ = try take(count) }

    private mutating func take(_ count: Int) throws(ZoneFileFault) -> ArraySlice<UInt8> {
        guard bytes.count - position >= count else { throw ZoneFileFault.tooShort }
        defer { position += count }
        return bytes[position..<(position + count)]
    }
}

/// The names in a zone file: one run of bytes, each name ended by a zero.
private struct ZoneAbbreviations {
    let bytes: ArraySlice<UInt8>
    private(set) var names: [String] = []

    init(bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    /// The index in `names` of the one that begins at a place.
    mutating func index(of place: Int) throws(ZoneFileFault) -> UInt16 {
        guard place < bytes.count else { throw ZoneFileFault(reason: "one of its abbreviations is damaged") }
        let name = String(decoding: bytes.dropFirst(place).prefix { $0 != 0 }, as: UTF8.self)
        if let index = names.firstIndex(of: name) { return UInt16(index) }
        names.append(name)
        return UInt16(names.count - 1)
    }
}

extension ZoneFileFault {
    fileprivate static let tooShort = ZoneFileFault(reason: "it ends too early")
}
