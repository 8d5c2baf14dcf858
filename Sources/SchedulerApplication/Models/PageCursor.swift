package import SchedulerDomain
package import SchedulerErrors

/// Where the next page of a list begins: text that callers hand back as they got it (base64url, RFC 4648 section 5).
///
/// It holds which list it belongs to, the key, and a checksum, so that a damaged or foreign one is refused and never
/// read as another place.
package enum PageCursor: Sendable, Hashable {
    case task(TaskID)
    case run(RunID)
    case fire(UTCInstant)
    case deadLetter(Int64)

    package var text: String {
        var bytes: [UInt8] = []
        switch self {
        case .task(let id):
            bytes.append(1)
            withUnsafeBytes(of: id.rawValue.bigEndian) { bytes += $0 }
        case .run(let id):
            bytes.append(2)
            withUnsafeBytes(of: id.bits.bigEndian) { bytes += $0 }
        case .fire(let instant):
            bytes.append(3)
            withUnsafeBytes(of: instant.microsecondsSinceEpoch.bigEndian) { bytes += $0 }
        case .deadLetter(let id):
            bytes.append(4)
            withUnsafeBytes(of: id.bigEndian) { bytes += $0 }
        }
        withUnsafeBytes(of: PageCursor.checksum(bytes[...]).bigEndian) { bytes += $0 }
        return PageCursor.encode(bytes)
    }

    /// - Throws: `validation` for the field `cursor` where the text is none of ours.
    package init(_ text: String) throws {
        guard text.utf8.count <= 64, let bytes = PageCursor.decode(text), bytes.count > 5,
            PageCursor.encode(bytes) == text,
            PageCursor.checksum(bytes.dropLast(4)) == bytes.suffix(4).reduce(UInt32(0), { $0 << 8 | UInt32($1) })
        else { throw PageCursor.damaged }
        let key = bytes.dropLast(4).dropFirst()
        switch (bytes[0], key.count) {
        case (1, 8): self = .task(TaskID(key.reduce(Int64(0)) { $0 << 8 | Int64($1) }))
        case (2, 16): self = .run(RunID(bits: key.reduce(UInt128(0)) { $0 << 8 | UInt128($1) }))
        case (3, 8): self = .fire(UTCInstant(microsecondsSinceEpoch: key.reduce(Int64(0)) { $0 << 8 | Int64($1) }))
        case (4, 8): self = .deadLetter(key.reduce(Int64(0)) { $0 << 8 | Int64($1) })
        default: throw PageCursor.damaged
        }
    }

    /// What a cursor of another list, or damaged text, is answered with.
    package static let damaged = SchedulerError.invalid(
        "cursor", "is not a cursor of this list; take page.next_cursor of the page before, unchanged")

    /// FNV-1a: it guards against damage, not against forgery; a forged cursor shows nothing that the list does not.
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    private static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(alphabet[Int(bits >> UInt32(count) & 0x3F)])
            }
        }
        if count > 0 { text.append(alphabet[Int(bits << UInt32(6 - count) & 0x3F)]) }
        return String(decoding: text, as: UTF8.self)
    }

    private static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for character in text.utf8 {
            guard let value = alphabet.firstIndex(of: character) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }
}
