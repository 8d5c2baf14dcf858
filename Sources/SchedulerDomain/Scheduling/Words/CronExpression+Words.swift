extension CronExpression {
    /// Says in words when it fires: `at 02:00 on weekdays, Berlin time`.
    ///
    /// - Parameters:
    ///   - zone: the IANA name of its time zone; it does not matter for `@every`.
    ///   - start: what `@every` is counted from; nil: the Unix epoch.
    public func words(in zone: String, from start: UTCInstant? = nil) -> String {
        switch form {
        case .every(let seconds):
            return "every \(CronExpression.length(seconds)), counted from \(start ?? .epoch)"
        case .fields(let fields):
            let time = TimeWords(second: fields.second.values, minute: fields.minute.values, hour: fields.hour.values)
            let days = DayWords(fields)
            return time.text + days.text(everyDay: time.isList) + ", " + CronExpression.words(ofZone: zone)
        }
    }

    private static let units: [(seconds: Int, name: String)] = [
        (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"),
    ]

    /// `90 seconds`, `hour`, `1 hour, 5 minutes and 10 seconds`.
    private static func length(_ seconds: Int) -> String {
        // One unit where its number is one that people use.
        for unit in units where seconds % unit.seconds == 0 && seconds / unit.seconds < 120 {
            return Phrase.count(seconds / unit.seconds, unit.name)
        }
        var rest = seconds
        var parts: [String] = []
        for unit in units where rest >= unit.seconds {
            parts.append("\(rest / unit.seconds) \(unit.name)\(rest / unit.seconds == 1 ? "" : "s")")
            rest %= unit.seconds
        }
        return Phrase.list(parts)
    }

    /// `Berlin time` for `Europe/Berlin`; zones that bear no city's name stay as they are.
    private static func words(ofZone name: String) -> String {
        if name == "UTC" || name == "Etc/UTC" { return "UTC" }
        guard !name.hasPrefix("Etc/"), let city = name.split(separator: "/").last, name.contains("/") else {
            return "\(name) time"
        }
        return city.split(separator: "_").joined(separator: " ") + " time"
    }
}
