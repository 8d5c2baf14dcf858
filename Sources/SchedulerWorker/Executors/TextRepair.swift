import SchedulerDomain

extension String {
    /// The text with U+FFFD in the place of each NUL, which neither store can keep.
    var withoutNUL: String {
        utf8.contains(0) ? String(String.UnicodeScalarView(unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 })) : self
    }
}

extension JSONValue {
    /// The value with U+FFFD in the place of each NUL in its texts, keys included.
    var withoutNUL: JSONValue {
        guard containsNUL else { return self }
        return switch self {
        case .null, .bool, .integer, .number: self
        case .string(let text): .string(text.withoutNUL)
        case .array(let elements): .array(elements.map(\.withoutNUL))
        case .object(let members):
            .object(Dictionary(members.map { ($0.key.withoutNUL, $0.value.withoutNUL) }) { $1 })
        }
    }
}
