internal import SchedulerErrors

/// Reads the interval of `@every 90s`: whole seconds in units from large to small, `1d`, `1h30m`, `90s`.
enum CronInterval {
    private static let units: [(letter: UInt8, seconds: Int)] = [
        (UInt8(ascii: "d"), 86_400), (UInt8(ascii: "h"), 3_600), (UInt8(ascii: "m"), 60), (UInt8(ascii: "s"), 1),
    ]
    /// A hundred years.
    private static let longest = 36_525 * 86_400

    static func seconds(parsing text: Substring) throws(SchedulerError) -> Int {
        let fault = SchedulerError.invalid(
            "schedule", "@every: \"\(text)\": use whole days, hours, minutes and seconds, for example 90s, 1h30m or 2d")
        var total = 0
        var allowed = units[...]
        var rest = text[...]
        guard !rest.isEmpty else { throw fault }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest[digits.endIndex...]
            guard let number = CronItemParser.number(digits, upTo: longest), let unit = rest.utf8.first,
                let place = allowed.firstIndex(where: { $0.letter == unit })
            else { throw fault }
            rest = rest.dropFirst()
            total = min(total + number * units[place].seconds, longest + 1)
            allowed = units[(place + 1)...]
        }
        guard total >= 1 else { throw .invalid("schedule", "@every: \"\(text)\" is shorter than a second") }
        guard total <= longest else { throw .invalid("schedule", "@every: \"\(text)\" is longer than 36525d") }
        return total
    }
}
