import SchedulerDomain

/// Text in log lines: what comes from outside can neither begin a line of its own nor steer a terminal.
enum LogText {
    /// Whether a character is written as an escape: line breaks of every kind, control characters, and those that
    /// change the direction of what follows.
    private static func isEscaped(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    /// Appends a JSON string literal (RFC 8259, section 7).
    static func appendJSON(_ text: String, to line: inout [UInt8]) {
        line.append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" {
                line.append(UInt8(ascii: "\\"))
                line.append(UInt8(scalar.value))
            } else {
                append(scalar, to: &line)
            }
        }
        line.append(UInt8(ascii: "\""))
    }

    /// Appends text as it is, but for characters that could break the line.
    static func appendPlain(_ text: String, to line: inout [UInt8]) {
        for scalar in text.unicodeScalars { append(scalar, to: &line) }
    }

    private static func append(_ scalar: Unicode.Scalar, to line: inout [UInt8]) {
        switch scalar {
        case "\n": line.append(contentsOf: #"\n"#.utf8)
        case "\r": line.append(contentsOf: #"\r"#.utf8)
        case "\t": line.append(contentsOf: #"\t"#.utf8)
        case _ where isEscaped(scalar):
            let digits = String(scalar.value, radix: 16)
            line.append(contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
        default: line.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
    }

    /// RFC 3339 in UTC, always with milliseconds, so that lines sort by their text.
    static func timestamp(_ instant: UTCInstant) -> String {
        let seconds = instant.secondsSinceEpoch
        let milliseconds = (instant.microsecondsSinceEpoch - seconds * 1_000_000) / 1_000
        let digits = String(milliseconds)
        let fraction = String(repeating: "0", count: 3 - digits.count) + digits
        return "\(UTCInstant(secondsSinceEpoch: seconds).description.dropLast()).\(fraction)Z"
    }
}
