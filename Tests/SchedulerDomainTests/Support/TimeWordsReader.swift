/// Reads the words of a day's times back into the seconds that they name, knowing nothing of how they were made.
enum TimeWordsReader {
    /// Nil where the words are none that it knows.
    static func seconds(of words: String) -> Set<Int>? {
        if words.wholeMatch(of: /at \d\d:.*/) != nil {
            let times = words.dropFirst(3).replacing(" and ", with: ", ").split(separator: ", ").map { time($0) }
            return times.contains(nil) ? nil : Set(times.compactMap { $0 })
        }
        if words == "every hour on the hour" { return Set((0..<24).map { $0 * 3_600 }) }
        if let match = words.wholeMatch(of: /every hour at minute (\d+)(?:, second (\d+))?/) {
            return Set((0..<24).map { $0 * 3_600 + number(match.1) * 60 + number(match.2 ?? "0") })
        }
        return rhythm(words) ?? chain(words)
    }

    private static func rhythm(_ words: String) -> Set<Int>? {
        let form = /every (?:(\d+) )?(second|minute|hour)s?(?: from (\S+) through (\S+))?/
        let start = /(.*?)(?: from minute (\d+) of every hour)?,?(?: at second (\d+))?(?: from second (\d+))?/
        guard let begun = words.wholeMatch(of: start), let match = begun.1.wholeMatch(of: form),
            let unit = ["second": 1, "minute": 60, "hour": 3_600][String(match.2)]
        else { return nil }
        let step = (match.1.map { number($0) } ?? 1) * unit
        if let first = match.3.flatMap({ time($0) }), let last = match.4.flatMap({ time($0) }) {
            return Set(stride(from: first, through: last, by: step))
        }
        let first = number(begun.2 ?? "0") * 60 + number(begun.3 ?? "0") + number(begun.4 ?? "0")
        return Set(stride(from: first, to: 86_400, by: step))
    }

    private static func chain(_ words: String) -> Set<Int>? {
        let parts = (words.hasPrefix("at ") ? words.dropFirst(3) : words[...]).split(separator: " of ")
        var values: [String: [Int]] = [:]
        for part in parts {
            if let match = part.wholeMatch(of: /every (second|minute|hour)/) {
                values[String(match.1)] = Array(0..<(match.1 == "hour" ? 24 : 60))
            } else if let match = part.wholeMatch(of: /every (\d+)(?:st|nd|rd|th) (\w+) from (\d+) through (\d+)/) {
                values[String(match.2)] = Array(
                    stride(from: number(match.3), through: number(match.4), by: number(match.1)))
            } else if let match = part.wholeMatch(of: /(second|minute|hour)s? (.*)/) {
                values[String(match.1)] = list(match.2)
            } else {
                return nil
            }
        }
        let seconds = values["second"] ?? [0]
        // Every second of an hour is in every of its minutes.
        guard let minutes = values["minute"] ?? (seconds.count == 60 ? Array(0..<60) : nil) else { return nil }
        let hours = values["hour"] ?? Array(0..<24)
        return Set(
            hours.flatMap { hour in minutes.flatMap { minute in seconds.map { hour * 3_600 + minute * 60 + $0 } } })
    }

    /// `0, 10 through 20 and 45`.
    private static func list(_ text: Substring) -> [Int] {
        text.replacing(" and ", with: ", ").split(separator: ", ").flatMap { item in
            if let match = item.wholeMatch(of: /(\d+) through (\d+)/) {
                return Array(number(match.1)...number(match.2))
            }
            return [number(item)]
        }
    }

    private static func time(_ text: Substring) -> Int? {
        guard let match = text.wholeMatch(of: /(\d\d):(\d\d)(?::(\d\d))?/) else { return nil }
        return number(match.1) * 3_600 + number(match.2) * 60 + number(match.3 ?? "0")
    }

    private static func number(_ text: Substring) -> Int { Int(text) ?? -1 }
}
