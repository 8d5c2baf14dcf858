internal import SchedulerErrors

/// Reads one item of a field; every fault names the field, the text and what is allowed.
struct CronItemParser {
    let kind: CronFieldKind
    let item: Substring

    func parse() throws(SchedulerError) -> CronItem {
        let parts = item.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let step = parts.count == 2 ? try self.step(parts[1]) : nil
        let base = parts[0]
        if base == "?" { return try questionMark(step) }
        if base == "*" { return .any(step: step ?? 1) }
        if let special = try special(base) {
            guard step == nil else { throw fault(item, ": \"\(base)\" takes no step") }
            return special
        }
        let ends = base.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let first = try value(ends[0])
        if ends.count == 2 { return try range(ends, from: first, step: step ?? 1) }
        // Sunday as the last day of the week: there is nothing after it to step to.
        if kind == .dayOfWeek, first.number == 7 { return .value(0) }
        guard let step else { return .value(first.number) }
        return .from(first.number, step: step)
    }

    private func questionMark(_ step: Int?) throws(SchedulerError) -> CronItem {
        guard kind.isDay else { throw fault(item, ": only the two day fields take \"?\"") }
        guard step == nil else { throw fault(item, ": \"?\" takes no step") }
        return .any(step: 1)
    }

    private func range(
        _ ends: [Substring], from first: Value, step: Int
    ) throws(SchedulerError) -> CronItem {
        let last = try value(ends[1])
        if first.number <= last.number { return .range(from: first.number, through: last.number, step: step) }
        // Numbers the wrong way round are a slip more often than meant; names are not.
        guard first.isName || last.isName else {
            throw fault(item, ": the range ends before it begins")
        }
        let start = first.number == 7 && kind == .dayOfWeek ? 0 : first.number
        return .range(from: start, through: last.number, step: step)
    }

    /// A day that depends on the month: `L`, `L-3`, `LW`, `15W`, `FRIL`, `MON#2`; nil for all else.
    private func special(_ text: Substring) throws(SchedulerError) -> CronItem? {
        switch kind {
        case .dayOfMonth: try specialDay(text)
        case .dayOfWeek: try specialWeekday(text)
        case .second, .minute, .hour, .month, .year: nil
        }
    }

    private func specialDay(_ text: Substring) throws(SchedulerError) -> CronItem? {
        let upper = text.asciiUppercased
        if upper == "L" { return .lastDay(before: 0) }
        if upper == "LW" { return .lastWorkday }
        if upper.hasPrefix("L-") {
            guard let days = CronItemParser.number(text.dropFirst(2)), (1...30).contains(days) else {
                throw fault(item, ": after \"L-\" comes 1–30")
            }
            return .lastDay(before: days)
        }
        guard upper.hasSuffix("W"), text.count > 1 else { return nil }
        return .nearestWorkday(to: try value(text.dropLast()).number)
    }

    private func specialWeekday(_ text: Substring) throws(SchedulerError) -> CronItem? {
        if text.asciiUppercased == "L" { throw fault(item, ": say the last of which weekday, for example FRIL or 5L") }
        if let hash = text.firstIndex(of: "#") {
            let weekday = try value(text[..<hash]).number % 7
            guard let nth = CronItemParser.number(text[text.index(after: hash)...]), (1...5).contains(nth) else {
                throw fault(item, ": after \"#\" comes 1–5")
            }
            return .nthWeekday(weekday, nth: nth)
        }
        guard text.asciiUppercased.hasSuffix("L") else { return nil }
        return .lastWeekday(try value(text.dropLast()).number % 7)
    }

    private struct Value {
        let number: Int
        let isName: Bool
    }

    private func value(_ text: Substring) throws(SchedulerError) -> Value {
        if let word = kind.words.firstIndex(of: text.asciiUppercased) {
            return Value(number: word + kind.range.lowerBound, isName: true)
        }
        guard let number = CronItemParser.number(text) else { throw fault(item, ": \(kind.allowed)") }
        guard kind.range.contains(number) else {
            throw fault(text, " is outside \(kind.range.lowerBound)–\(kind.range.upperBound)")
        }
        return Value(number: number, isName: false)
    }

    private func step(_ text: Substring) throws(SchedulerError) -> Int {
        guard let step = CronItemParser.number(text), step > 0 else {
            throw fault(item, ": a step is a whole number above 0")
        }
        return step
    }

    private func fault(_ text: Substring, _ reason: String) -> SchedulerError {
        .invalid("schedule", "\(kind.name): \"\(text)\"\(reason)")
    }

    /// Reads ASCII digits; a number beyond `limit` counts as one more than it, so that no text is too long.
    static func number(_ text: Substring, upTo limit: Int = 1_000_000) -> Int? {
        guard !text.isEmpty else { return nil }
        var number = 0
        for byte in text.utf8 {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            number = min(number * 10 + Int(byte - UInt8(ascii: "0")), limit + 1)
        }
        return number
    }
}

extension StringProtocol {
    /// With a–z made A–Z and all else unchanged: Unicode has more letters that turn into ASCII ones.
    var asciiUppercased: String {
        String(
            decoding: utf8.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) ? $0 - 32 : $0 }, as: UTF8.self)
    }
}
