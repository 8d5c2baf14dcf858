internal import SchedulerErrors

/// One field of a cron expression: the values that it allows.
struct CronField: Sendable, Hashable {
    /// What a field may hold, and how it is called in messages.
    struct Kind: Sendable {
        let name: String
        let range: ClosedRange<Int>
        let words: [String]

        static let second = Kind(name: "second", range: 0...59, words: [])
        static let minute = Kind(name: "minute", range: 0...59, words: [])
        static let hour = Kind(name: "hour", range: 0...23, words: [])
        static let dayOfMonth = Kind(name: "day of month", range: 1...31, words: [])
        static let month = Kind(
            name: "month", range: 1...12,
            words: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"])
        static let dayOfWeek = Kind(
            name: "day of week", range: 0...7, words: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])
    }

    /// Bit n is set where n is allowed.
    private(set) var bits: UInt64 = 0
    /// Whether the text begins with `*` (or is `?`).
    let beginsWithStar: Bool
    /// Whether it is `*` or `?` alone.
    let isUnrestricted: Bool

    init(parsing text: Substring, as kind: Kind) throws(SchedulerError) {
        isUnrestricted = text == "*" || text == "?"
        beginsWithStar = text.first == "*" || text == "?"
        if text == "?", kind.name != Kind.dayOfMonth.name, kind.name != Kind.dayOfWeek.name {
            throw CronField.fault(kind, text, "only the two day fields take \"?\"")
        }
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            for value in try CronField.values(of: item, as: kind) { bits |= 1 << UInt64(value) }
        }
        if kind.range == 0...7, bits & (1 << 7) != 0 {
            bits = (bits & ~(1 << 7)) | 1
        }
    }

    func contains(_ value: Int) -> Bool { bits & (1 << UInt64(value)) != 0 }

    /// The smallest allowed value at or above `value`.
    func first(from value: Int) -> Int? {
        let rest = bits >> UInt64(value)
        return rest == 0 ? nil : value + rest.trailingZeroBitCount
    }

    private static func values(of item: Substring, as kind: Kind) throws(SchedulerError) -> StrideThrough<Int> {
        let parts = item.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let base = parts[0]
        var step = 1
        if parts.count == 2 {
            guard let value = Int(parts[1]), value > 0, parts[1].allSatisfy(\.isNumber) else {
                throw fault(kind, item, "a step is a whole number above 0")
            }
            step = value
        }
        if base == "*" || base == "?" {
            // 7 is a second name of Sunday, not a value of its own.
            return stride(
                from: kind.range.lowerBound, through: kind.range == 0...7 ? 6 : kind.range.upperBound, by: step)
        }
        let ends = base.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let first = try value(ends[0], as: kind, in: item)
        if ends.count == 2 {
            let last = try value(ends[1], as: kind, in: item)
            guard first <= last else { throw fault(kind, item, "the range ends before it begins") }
            return stride(from: first, through: last, by: step)
        }
        return stride(from: first, through: parts.count == 2 ? kind.range.upperBound : first, by: step)
    }

    private static func value(_ text: Substring, as kind: Kind, in item: Substring) throws(SchedulerError) -> Int {
        if let word = kind.words.firstIndex(of: text.uppercased()) { return word + kind.range.lowerBound }
        guard let value = Int(text), text.allSatisfy(\.isNumber) else {
            throw fault(kind, item, "use numbers, names, \"*\", lists, ranges and steps")
        }
        guard kind.range.contains(value) else {
            throw fault(kind, text, "is outside \(kind.range.lowerBound)–\(kind.range.upperBound)", joined: true)
        }
        return value
    }

    private static func fault(
        _ kind: Kind, _ text: Substring, _ reason: String, joined: Bool = false
    ) -> SchedulerError {
        .invalid("schedule", "\(kind.name): \"\(text)\"\(joined ? " " : ": ")\(reason)")
    }
}
