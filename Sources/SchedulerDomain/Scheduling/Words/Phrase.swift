/// The small words of descriptions: lists, ordinals, runs of numbers.
enum Phrase {
    /// `a`, `a and b`, `a, b and c`.
    static func list(_ items: [String]) -> String {
        guard let last = items.last, items.count > 1 else { return items.first ?? "" }
        return items.dropLast().joined(separator: ", ") + " and " + last
    }

    /// `1st`, `2nd`, `3rd`, `11th`.
    static func ordinal(_ number: Int) -> String {
        let suffix =
            switch (number % 100, number % 10) {
            case (11...13, _): "th"
            case (_, 1): "st"
            case (_, 2): "nd"
            case (_, 3): "rd"
            default: "th"
            }
        return "\(number)\(suffix)"
    }

    /// `first` to `fifth`, as people count weekdays of a month.
    static func rank(_ number: Int) -> String {
        let words = ["first", "second", "third", "fourth", "fifth"]
        return words.indices.contains(number - 1) ? words[number - 1] : ordinal(number)
    }

    /// `minute`, `5 minutes`.
    static func count(_ number: Int, _ unit: String) -> String { number == 1 ? unit : "\(number) \(unit)s" }

    static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// Joins three or more neighbours: `1, 3 through 6`.
    ///
    /// - Parameters:
    ///   - values: in rising order.
    ///   - cycle: the whole circle where a run may go round its end (weekdays, months); nil where it may not.
    static func runs(_ values: [Int], cycle: ClosedRange<Int>? = nil, _ name: (Int) -> String) -> [String] {
        var runs: [(first: Int, last: Int, count: Int)] = []
        for value in values {
            if let run = runs.last, run.last + 1 == value {
                runs[runs.count - 1] = (run.first, value, run.count + 1)
            } else {
                runs.append((value, value, 1))
            }
        }
        if let cycle, runs.count > 1, let first = runs.first, let last = runs.last,
            first.first == cycle.lowerBound, last.last == cycle.upperBound, first.count + last.count > 2
        {
            runs[runs.count - 1] = (last.first, first.last, first.count + last.count)
            runs.removeFirst()
        }
        return runs.flatMap { run in
            switch run.count {
            case 1: [name(run.first)]
            case 2: [name(run.first), name(run.last)]
            default: ["\(name(run.first)) through \(name(run.last))"]
            }
        }
    }
}

/// Numbers with one distance between neighbours.
struct Progression {
    let first: Int
    let last: Int
    let step: Int

    /// Nil for fewer than three numbers, and for numbers that stand in no such row.
    init?(_ values: [Int]) {
        guard values.count > 2, let first = values.first, let last = values.last else { return nil }
        let step = values[1] - first
        guard zip(values, values.dropFirst()).allSatisfy({ $1 - $0 == step }) else { return nil }
        self.first = first
        self.last = last
        self.step = step
    }
}
