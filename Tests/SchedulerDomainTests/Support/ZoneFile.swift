/// Writes compiled zone files (TZif) for tests.
struct ZoneFile {
    struct LocalType {
        var offset: Int32
        var isDaylight = false
        var abbreviationIndex: UInt8 = 0
    }

    var version: UInt8 = UInt8(ascii: "3")
    var types = [LocalType(offset: 0)]
    /// Each with the index of its type.
    var transitions: [(time: Int64, type: UInt8)] = []
    var abbreviations = "LMT\0"
    var leapSeconds = 0
    var footer = ""

    var bytes: [UInt8] {
        if version == 0 { return block(timeSize: 4) }
        let empty = ZoneFile(version: version)
        return empty.block(timeSize: 4) + block(timeSize: 8) + "\n\(footer)\n".utf8
    }

    private func block(timeSize: Int) -> [UInt8] {
        var bytes = Array("TZif".utf8) + [version] + [UInt8](repeating: 0, count: 15)
        for count in [0, 0, leapSeconds, transitions.count, types.count, abbreviations.utf8.count] {
            bytes += big(Int64(count), 4)
        }
        for transition in transitions { bytes += big(transition.time, timeSize) }
        bytes += transitions.map(\.type)
        for type in types { bytes += big(Int64(type.offset), 4) + [type.isDaylight ? 1 : 0, type.abbreviationIndex] }
        bytes += abbreviations.utf8
        return bytes + [UInt8](repeating: 0, count: leapSeconds * (timeSize + 4))
    }

    private func big(_ value: Int64, _ size: Int) -> [UInt8] {
        (0..<size).reversed().map { UInt8(truncatingIfNeeded: value >> Int64($0 * 8)) }
    }
}
