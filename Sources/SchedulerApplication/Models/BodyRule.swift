import SchedulerDomain
import SchedulerErrors

/// What one member of a body may be, and how it is read.
struct BodyRule<Value>: Sendable {
    enum Parsed {
        case value(Value)
        case faults([SchedulerError.FieldFault])
    }

    /// Reads the value of the member at a path.
    let parse: @Sendable (_ value: JSONValue, _ path: String) -> Parsed

    /// A rule of one step: the value, or a sentence that says what is wrong.
    init(_ convert: @escaping @Sendable (JSONValue) -> Result<Value, BodyFault>) {
        parse = { value, path in
            switch convert(value) {
            case .success(let value): .value(value)
            case .failure(let fault): .faults([.init(field: path, message: fault.message)])
            }
        }
    }

    init(parse: @escaping @Sendable (_ value: JSONValue, _ path: String) -> Parsed) { self.parse = parse }
}

/// What is wrong with one value, in words that follow the field's name.
struct BodyFault: Error {
    let message: String

    init(_ message: String) { self.message = message }

    static func wrongKind(_ value: JSONValue, _ expected: String) -> BodyFault {
        BodyFault("is \(value.kind); \(expected) is expected")
    }
}

extension BodyRule where Value == String {
    /// Text of the given length in characters (Unicode scalars, as the stores count them).
    static func text(_ length: ClosedRange<Int> = 1...100_000) -> BodyRule {
        BodyRule { value in
            guard let text = value.string else { return .failure(.wrongKind(value, "a string")) }
            let count = text.unicodeScalars.count
            guard length.contains(count) else {
                return .failure(
                    BodyFault(
                        text.isEmpty
                            ? "must not be empty"
                            : "has \(count) characters; \(length.lowerBound) to \(length.upperBound) are allowed"))
            }
            return .success(text)
        }
    }

    /// The name of a task: one line, 1–255 characters, not blank.
    static let taskName = BodyRule { value in
        guard let text = value.string else { return .failure(.wrongKind(value, "a string")) }
        guard (1...255).contains(text.unicodeScalars.count), text.contains(where: { !$0.isWhitespace }) else {
            return .failure(BodyFault("must have 1 to 255 characters that are not all blank"))
        }
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            return .failure(BodyFault("must be one line without control characters"))
        }
        return .success(text)
    }

    /// The name of an executor or a queue: it becomes part of a queue's name.
    static let typeName = BodyRule { value in
        guard let text = value.string else { return .failure(.wrongKind(value, "a string")) }
        let isFine = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isFine, (1...64).contains(text.utf8.count) else {
            return .failure(BodyFault("must have 1 to 64 characters of a–z, 0–9, \"_\" and \"-\""))
        }
        return .success(text)
    }
}

extension BodyRule where Value == Int64 {
    static func integer(_ range: ClosedRange<Int64>) -> BodyRule {
        BodyRule { value in
            let integer: Int64? =
                switch value {
                case .integer(let integer): integer
                case .number(let number): Int64(exactly: number)
                default: nil
                }
            guard let integer else { return .failure(.wrongKind(value, "a whole number")) }
            guard range.contains(integer) else {
                let limits =
                    range.upperBound == .max
                    ? "at least \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
                return .failure(BodyFault("is \(integer); it must be \(limits)"))
            }
            return .success(integer)
        }
    }
}

extension BodyRule where Value == Int {
    static func integer(_ range: ClosedRange<Int>) -> BodyRule {
        let wide = BodyRule<Int64>.integer(Int64(range.lowerBound)...Int64(range.upperBound))
        return BodyRule { value, path in
            switch wide.parse(value, path) {
            case .value(let integer): .value(Int(integer))
            case .faults(let faults): .faults(faults)
            }
        }
    }
}

extension BodyRule where Value == Bool {
    static let flag = BodyRule { value in
        value.bool.map { .success($0) } ?? .failure(.wrongKind(value, "true or false"))
    }
}

extension BodyRule where Value == UTCInstant {
    /// An RFC 3339 time.
    static let instant = BodyRule { value in
        guard let text = value.string else { return .failure(.wrongKind(value, "an RFC 3339 time")) }
        guard let instant = UTCInstant(text), instant >= .distantPast, instant <= .distantFuture else {
            return .failure(BodyFault("is not an RFC 3339 time such as 2026-11-21T01:00:00Z"))
        }
        return .success(instant)
    }
}

extension BodyRule where Value: RawRepresentable & Sendable, Value.RawValue == String {
    /// One of the words of an enumeration.
    static func word(of allowed: [Value]) -> BodyRule {
        BodyRule { value in
            guard let word = value.string, let choice = allowed.first(where: { $0.rawValue == word }) else {
                let words = allowed.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
                return .failure(BodyFault("must be one of \(words)"))
            }
            return .success(choice)
        }
    }
}
