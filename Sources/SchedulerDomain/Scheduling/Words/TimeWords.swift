/// The words for the times of a day that three fields allow.
///
/// It goes by the values, not by how they were written, so `0,15,30,45` and `*/15` are told alike.
struct TimeWords {
    let second: [Int]
    let minute: [Int]
    let hour: [Int]

    /// More times of a day than this are not listed one by one.
    private static let longestList = 6

    /// Whether the times are listed one by one.
    var isList: Bool { second.count * minute.count * hour.count <= TimeWords.longestList }

    var text: String {
        if isList { return "at " + Phrase.list(times) }
        return rhythm ?? chain
    }

    private var times: [String] {
        hour.flatMap { hour in minute.flatMap { minute in second.map { time(hour, minute, $0) } } }
    }

    /// `02:00`; with seconds where any time has some.
    private func time(_ hour: Int, _ minute: Int, _ second: Int) -> String {
        let text = "\(Phrase.padded(hour)):\(Phrase.padded(minute))"
        return self.second == [0] ? text : "\(text):\(Phrase.padded(second))"
    }

    // MARK: - One distance between all times

    /// Nil where the times have different distances.
    private var rhythm: String? {
        if let step = TimeWords.step(of: second, in: 60), minute.count == 60 {
            return rhythm("every \(Phrase.count(step, "second"))", from: second[0] > 0 ? "second \(second[0])" : nil)
        }
        guard second.count == 1 else { return nil }
        if let step = TimeWords.step(of: minute, in: 60) {
            let beat = "every \(Phrase.count(step, "minute"))"
            if hour.count == 24, second != [0] {
                let start = minute[0] > 0 ? " from minute \(minute[0]) of every hour," : ""
                return "\(beat)\(start) at second \(second[0])"
            }
            return rhythm(beat, from: minute[0] > 0 ? "minute \(minute[0]) of every hour" : nil)
        }
        guard minute.count == 1, let hours = Progression(hour) else { return nil }
        let beat = "every \(Phrase.count(hours.step, "hour"))"
        guard hour.count == 24 else { return "\(beat) \(span)" }
        switch (minute[0], second[0]) {
        case (0, 0): return "every hour on the hour"
        case (let minute, 0): return "every hour at minute \(minute)"
        case (let minute, let second): return "every hour at minute \(minute), second \(second)"
        }
    }

    /// The beat through the whole day or through hours that follow one another; nil for hours with holes.
    private func rhythm(_ beat: String, from start: String?) -> String? {
        if hour.count == 24 { return start.map { "\(beat) from \($0)" } ?? beat }
        guard let first = hour.first, let last = hour.last, last - first + 1 == hour.count else { return nil }
        return "\(beat) \(span)"
    }

    /// From the first time of the day through the last one.
    private var span: String {
        guard let first = hour.first, let last = hour.last, let firstMinute = minute.first,
            let lastMinute = minute.last, let firstSecond = second.first, let lastSecond = second.last
        else { return "" }
        return "from \(time(first, firstMinute, firstSecond)) through \(time(last, lastMinute, lastSecond))"
    }

    /// The distance between the values where it is the same also from the last one to the first of the next circle.
    private static func step(of values: [Int], in circle: Int) -> Int? {
        guard values.count > 1, let first = values.first, let last = values.last else { return nil }
        let step = values[1] - first
        guard last + step == first + circle, zip(values, values.dropFirst()).allSatisfy({ $1 - $0 == step }) else {
            return nil
        }
        return step
    }

    // MARK: - Field by field

    /// `at minutes 0 and 20 of hours 9 through 17`.
    private var chain: String {
        var parts: [String] = []
        if second != [0] { parts.append(TimeWords.unit("second", second, all: 60)) }
        if !(parts.isEmpty == false && minute.count == 60 && hour.count < 24 && second.count == 60) {
            parts.append(TimeWords.unit("minute", minute, all: 60))
        }
        if !(minute.count == 60 && hour.count == 24) { parts.append(TimeWords.unit("hour", hour, all: 24)) }
        let text = parts.joined(separator: " of ")
        let beginsWithAll = second.count == 60 || second == [0] && minute.count == 60
        return beginsWithAll ? text : "at \(text)"
    }

    /// `every minute`, `minute 5`, `minutes 0, 10 through 20 and 45`, `every 7th minute from 0 through 56`.
    private static func unit(_ name: String, _ values: [Int], all: Int) -> String {
        if values.count == all { return "every \(name)" }
        if values.count == 1 { return "\(name) \(values[0])" }
        if let row = Progression(values), row.step > 1 {
            return "every \(Phrase.ordinal(row.step)) \(name) from \(row.first) through \(row.last)"
        }
        return "\(name)s \(Phrase.list(Phrase.runs(values) { "\($0)" }))"
    }
}
