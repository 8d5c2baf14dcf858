/// A strict JSON parser (RFC 8259) over UTF-8 bytes.
///
/// Our own because bodies with a thousand runs stand in a hot path, and because it refuses what Foundation's lets
/// through: duplicate keys, of which two readers may see different ones, and lone surrogates, which no store keeps.
/// It bounds the depth, so that a body of brackets cannot exhaust the stack.
struct JSONParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private let maxDepth: Int
    private var index = 0
    private var depth = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>, maxDepth: Int) {
        self.bytes = bytes
        self.maxDepth = maxDepth
    }

    /// Parses one value that fills the text.
    mutating func parseDocument() throws(JSONSyntaxError) -> JSONValue {
        skipWhitespace()
        guard index < bytes.count else { throw fault("the text is empty") }
        let value = try parseValue()
        skipWhitespace()
        guard index == bytes.count else { throw fault("there is text after the value") }
        return value
    }

    private mutating func parseValue() throws(JSONSyntaxError) -> JSONValue {
        guard let byte = current else { throw fault("the text ends where a value should be") }
        switch byte {
        case UInt8(ascii: "{"): return try parseObject()
        case UInt8(ascii: "["): return try parseArray()
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "-"), 0x30...0x39: return try parseNumber()
        case UInt8(ascii: "t"): return try parse("true", as: .bool(true))
        case UInt8(ascii: "f"): return try parse("false", as: .bool(false))
        case UInt8(ascii: "n"): return try parse("null", as: .null)
        default: throw fault("a value cannot begin so")
        }
    }

    private mutating func parseObject() throws(JSONSyntaxError) -> JSONValue {
        try enter()
        var members: [String: JSONValue] = [:]
        if !take(UInt8(ascii: "}")) {
            repeat {
                skipWhitespace()
                guard current == UInt8(ascii: "\"") else { throw fault("a key in double quotes should be here") }
                let start = index
                let key = try parseString()
                skipWhitespace()
                guard take(UInt8(ascii: ":")) else { throw fault("a colon should follow the key") }
                skipWhitespace()
                let value = try parseValue()
                guard members.updateValue(value, forKey: key) == nil else {
                    throw fault("the key \"\(key)\" is there twice", at: start)
                }
                skipWhitespace()
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "}")) else { throw fault("a comma or \"}\" should be here") }
        }
        depth -= 1
        return .object(members)
    }

    private mutating func parseArray() throws(JSONSyntaxError) -> JSONValue {
        try enter()
        var elements: [JSONValue] = []
        if !take(UInt8(ascii: "]")) {
            repeat {
                skipWhitespace()
                elements.append(try parseValue())
                skipWhitespace()
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "]")) else { throw fault("a comma or \"]\" should be here") }
        }
        depth -= 1
        return .array(elements)
    }

    private mutating func enter() throws(JSONSyntaxError) {
        depth += 1
        guard depth <= maxDepth else { throw fault("objects and lists are nested deeper than \(maxDepth)") }
        index += 1
        skipWhitespace()
    }

    private mutating func parse(_ word: StaticString, as value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
        let end = index + word.utf8CodeUnitCount
        guard end <= bytes.count,
            (0..<word.utf8CodeUnitCount).allSatisfy({ bytes[index + $0] == word.utf8Start[$0] })
        else { throw fault("a value cannot begin so") }
        index = end
        return value
    }
}

// MARK: - Strings and numbers

extension JSONParser {
    /// Reads from the opening quote to after the closing one.
    private mutating func parseString() throws(JSONSyntaxError) -> String {
        index += 1
        let start = index
        while let byte = current {
            if byte == UInt8(ascii: "\"") {
                defer { index += 1 }
                return try text(from: start, to: index)
            }
            if byte == UInt8(ascii: "\\") { return try parseEscapedString(from: start) }
            guard byte >= 0x20 else { throw fault("a control character in a string must be escaped") }
            index += 1
        }
        throw fault("the string is not closed", at: start - 1)
    }

    private mutating func parseEscapedString(from start: Int) throws(JSONSyntaxError) -> String {
        var result = try text(from: start, to: index)
        var plain = index
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                result += try text(from: plain, to: index)
                index += 1
                return result
            case UInt8(ascii: "\\"):
                result += try text(from: plain, to: index)
                result.unicodeScalars.append(try parseEscape())
                plain = index
            case 0..<0x20:
                throw fault("a control character in a string must be escaped")
            default:
                index += 1
            }
        }
        throw fault("the string is not closed", at: start - 1)
    }

    private mutating func parseEscape() throws(JSONSyntaxError) -> Unicode.Scalar {
        let start = index
        index += 1
        guard let byte = current else { throw fault("the string is not closed", at: start) }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try parseUnicodeEscape(from: start)
        default: throw fault("this escape is unknown", at: start)
        }
    }

    private mutating func parseUnicodeEscape(from start: Int) throws(JSONSyntaxError) -> Unicode.Scalar {
        let first = try parseHex()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw fault("a surrogate stands alone", at: start)
        }
        let second = try parseHex()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        else { throw fault("a surrogate stands alone", at: start) }
        return scalar
    }

    private mutating func parseHex() throws(JSONSyntaxError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            let digit: UInt8 =
                switch current {
                case .some(let byte) where byte >= 0x30 && byte <= 0x39: byte - 0x30
                case .some(let byte) where byte >= 0x61 && byte <= 0x66: byte - 0x57
                case .some(let byte) where byte >= 0x41 && byte <= 0x46: byte - 0x37
                default: throw fault("four hexadecimal digits should follow \"\\u\"")
                }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        return value
    }

    private mutating func parseNumber() throws(JSONSyntaxError) -> JSONValue {
        let start = index
        let isNegative = take(UInt8(ascii: "-"))
        let firstDigit = index
        var magnitude: Int64? = 0
        while let byte = current, byte >= 0x30, byte <= 0x39 {
            magnitude = JSONParser.append(byte, to: magnitude, isNegative: isNegative)
            index += 1
        }
        guard index > firstDigit else { throw fault("a digit should be here") }
        guard bytes[firstDigit] != 0x30 || index == firstDigit + 1 else {
            throw fault("a number cannot begin with 0", at: start)
        }
        if current != UInt8(ascii: "."), current != UInt8(ascii: "e"), current != UInt8(ascii: "E"), let magnitude {
            return .integer(magnitude)
        }
        if take(UInt8(ascii: ".")) { try skipDigits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try skipDigits()
        }
        guard let number = Double(try text(from: start, to: index)), number.isFinite else {
            throw fault("the number is out of range", at: start)
        }
        return .number(number)
    }

    /// The value with one more digit; nil once it does not fit.
    ///
    /// Negative values grow downwards, so that the lowest fits.
    private static func append(_ byte: UInt8, to value: Int64?, isNegative: Bool) -> Int64? {
        guard let value else { return nil }
        let digit = Int64(byte - 0x30)
        let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
        let (sum, carry) =
            isNegative ? scaled.subtractingReportingOverflow(digit) : scaled.addingReportingOverflow(digit)
        return overflow || carry ? nil : sum
    }

    private mutating func skipDigits() throws(JSONSyntaxError) {
        let start = index
        while let byte = current, byte >= 0x30, byte <= 0x39 { index += 1 }
        guard index > start else { throw fault("a digit should be here") }
    }
}

// MARK: - Bytes

extension JSONParser {
    private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private mutating func skipWhitespace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x09, 0x0A, 0x0D: index += 1
            default: return
            }
        }
    }

    private func text(from start: Int, to end: Int) throws(JSONSyntaxError) -> String {
        guard let text = String(validating: bytes[start..<end], as: UTF8.self) else {
            throw fault("the text is not valid UTF-8", at: start)
        }
        return text
    }

    private func fault(_ reason: String, at position: Int? = nil) -> JSONSyntaxError {
        let offset = position ?? index
        let before = bytes[..<min(offset, bytes.count)]
        let line = before.count { $0 == 0x0A } + 1
        let column = before.count - ((before.lastIndex(of: 0x0A) ?? -1) + 1) + 1
        return JSONSyntaxError(reason: reason, offset: offset, line: line, column: column)
    }
}
