/// JSON text in and out, both hand-written because they stand in hot paths (a batch of triggers, a claim, a settle, a
/// page of runs).
extension JSONValue {
    /// How deep objects and lists may nest in what callers send us.
    public static let callerDepth = 64
    /// How deep they may nest in what we kept ourselves: more than callers may, since we wrap what they send.
    public static let storedDepth = 512

    /// Parses JSON text strictly: no duplicate keys, no lone surrogates, no numbers beyond `Double`.
    ///
    /// Whole numbers beyond `Int64`, and all that have a fraction or an exponent, become `number`.
    public init(parsing text: String, maxDepth: Int = storedDepth) throws(JSONSyntaxError) {
        var text = text
        let result = text.withUTF8 { bytes in JSONValue.parse(bytes, maxDepth: maxDepth) }
        self = try result.get()
    }

    /// Parses JSON text in UTF-8, as the other form.
    public init(parsing bytes: UnsafeRawBufferPointer, maxDepth: Int = storedDepth) throws(JSONSyntaxError) {
        let result = bytes.withMemoryRebound(to: UInt8.self) { JSONValue.parse($0, maxDepth: maxDepth) }
        self = try result.get()
    }

    private static func parse(_ bytes: UnsafeBufferPointer<UInt8>, maxDepth: Int) -> Result<JSONValue, JSONSyntaxError>
    {
        var parser = JSONParser(bytes, maxDepth: maxDepth)
        do {
            return .success(try parser.parseDocument())
        } catch {
            return .failure(error)
        }
    }

    /// Compact JSON with object keys in order, so that equal values have equal text.
    public var text: String {
        var bytes: [UInt8] = []
        write(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the compact JSON text as UTF-8.
    public func write(into bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): bytes.append(contentsOf: String(value).utf8)
        case .number(let value):
            // JSON has no word for infinity or NaN; null is what JavaScript writes for them.
            bytes.append(contentsOf: (value.isFinite ? "\(value)" : "null").utf8)
        case .string(let value): JSONValue.write(value, into: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.write(into: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                JSONValue.write(member.key, into: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.write(into: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// Appends a JSON string literal (RFC 8259, section 7).
    public static func write(_ text: String, into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes.append(contentsOf: #"\""#.utf8)
            case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
            case 0x0A: bytes.append(contentsOf: #"\n"#.utf8)
            case 0x0D: bytes.append(contentsOf: #"\r"#.utf8)
            case 0x09: bytes.append(contentsOf: #"\t"#.utf8)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                bytes.append(contentsOf: #"\u00"#.utf8)
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 0xF)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
