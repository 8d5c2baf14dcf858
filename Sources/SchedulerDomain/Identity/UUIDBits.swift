/// The text form of RFC 9562 UUIDs, shared by the identifiers of runs and workers.
enum UUIDBits {
    /// Lower-case text with hyphens (RFC 9562, section 4).
    static func text(_ bits: UInt128) -> String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var shift = 124
            for index in 0..<36 {
                if index == 8 || index == 13 || index == 18 || index == 23 {
                    buffer[index] = UInt8(ascii: "-")
                } else {
                    let nibble = UInt8(truncatingIfNeeded: bits >> UInt128(shift)) & 0xF
                    buffer[index] = nibble < 10 ? 0x30 + nibble : 0x57 + nibble
                    shift -= 4
                }
            }
            return 36
        }
    }

    /// Nil unless the text is 36 characters of hexadecimal digits and hyphens in their places.
    static func parse(_ text: some StringProtocol) -> UInt128? {
        var bits: UInt128 = 0
        var index = 0
        for byte in text.utf8 {
            switch index {
            case 8, 13, 18, 23:
                guard byte == UInt8(ascii: "-") else { return nil }
            default:
                guard index < 36, let digit = hexDigit(byte) else { return nil }
                bits = bits << 4 | UInt128(digit)
            }
            index += 1
        }
        return index == 36 ? bits : nil
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x61...0x66: byte - 0x57
        case 0x41...0x46: byte - 0x37
        default: nil
        }
    }
}
