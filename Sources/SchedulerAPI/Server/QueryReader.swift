import Hummingbird
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors

/// Reads the query of a URL and gathers every fault.
///
/// Unknown and repeated parameters are faults: who writes `?validate=true` to a route that does not know it shall
/// hear so.
struct QueryReader {
    private var values: [String: String] = [:]
    private var faults: [SchedulerError.FieldFault] = []

    init(_ request: Request) {
        for item in (request.uri.query ?? "").split(separator: "&") {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = QueryReader.decoded(parts[0]),
                let value = QueryReader.decoded(parts.count > 1 ? parts[1] : "")
            else {
                fault(String(parts[0]), "is not valid percent-encoded UTF-8")
                continue
            }
            if values.updateValue(value, forKey: name) != nil { fault(name, "is there twice") }
        }
    }

    /// From 1; a standard where it is absent.
    mutating func limit(standard: Int = 50, most: Int = 500) -> Int {
        guard let text = values.removeValue(forKey: "limit") else { return standard }
        guard let limit = QueryReader.digits(text), (1...most).contains(limit) else {
            fault("limit", "must be a whole number from 1 to \(most)")
            return standard
        }
        return limit
    }

    /// A whole number; nil where it is absent.
    mutating func number(_ name: String, atLeast least: Int) -> Int? {
        guard let text = values.removeValue(forKey: name) else { return nil }
        if let number = QueryReader.digits(text), number >= least { return number }
        fault(name, "must be a whole number from \(least) on")
        return nil
    }

    mutating func cursor() -> PageCursor? {
        guard let text = values.removeValue(forKey: "cursor") else { return nil }
        if let cursor = try? PageCursor(text) { return cursor }
        faults += PageCursor.damaged.faults
        return nil
    }

    mutating func word<Word: RawRepresentable & CaseIterable>(_ name: String) -> Word? where Word.RawValue == String {
        guard let text = values.removeValue(forKey: name) else { return nil }
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        fault(name, "must be one of \(words)")
        return nil
    }

    /// `true` or `false`; false where it is absent.
    mutating func flag(_ name: String) -> Bool {
        guard let text = values.removeValue(forKey: name) else { return false }
        if text != "true", text != "false" { fault(name, "must be true or false") }
        return text == "true"
    }

    /// An RFC 3339 time.
    mutating func instant(_ name: String) -> UTCInstant? {
        guard let text = values.removeValue(forKey: name) else { return nil }
        if let instant = UTCInstant(text), instant >= .distantPast, instant <= .distantFuture { return instant }
        fault(name, "is not an RFC 3339 time such as 2026-11-21T01:00:00Z (a plus sign is written %2B)")
        return nil
    }

    mutating func taskID(_ name: String) -> TaskID? {
        guard let text = values.removeValue(forKey: name) else { return nil }
        if let id = TaskID(text) { return id }
        fault(name, "is not the id of a task, which is a whole number")
        return nil
    }

    /// - Throws: `validation` with every fault of the query, parameters that nobody read included.
    mutating func finish() throws {
        for name in values.keys.sorted() { fault(name, "is not a known query parameter") }
        guard faults.isEmpty else { throw SchedulerError.invalid(faults) }
    }

    private mutating func fault(_ name: String, _ message: String) {
        faults.append(.init(field: name, message: message))
    }

    /// Only plain digits, and few enough for every column.
    static func digits(_ text: String) -> Int? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    /// Percent-decodes; nil for malformed escapes, bytes that are not UTF-8, and NUL.
    private static func decoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst(), let low = rest.popFirst(), let first = hexDigit(high),
                    let second = hexDigit(low)
                else { return nil }
                bytes.append(first << 4 | second)
            default: bytes.append(byte)
            }
        }
        return bytes.contains(0) ? nil : String(validating: bytes, as: UTF8.self)
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
