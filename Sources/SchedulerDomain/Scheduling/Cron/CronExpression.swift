public import SchedulerErrors

/// A cron expression: five fields (minute first), six (second first), seven (second first, year last), one of the
/// macros `@yearly`, `@annually`, `@monthly`, `@weekly`, `@daily`, `@midnight`, `@hourly`, or `@every 90s`.
///
/// Day of month and day of week both restricted: either matches, unless one begins with `*` (`*/2`): then both must
/// (Vixie's rule, crontab(5)).
public struct CronExpression: Sendable, Hashable, CustomStringConvertible {
    /// What the text came to.
    package enum Form: Sendable, Hashable {
        case fields(CronFields)
        /// A fixed rate: whole seconds, at least one.
        case every(seconds: Int)
    }

    /// The text with one space between its parts.
    public let description: String
    package let form: Form
    /// The fields made ready for the search; nil for a fixed rate.
    let calendar: CronCalendar?

    /// - Throws: `validation` for the field `schedule`, naming the part and what is allowed there; also for an
    ///   expression that names no existing day.
    public init(parsing text: String) throws(SchedulerError) {
        let parts = text.split(whereSeparator: \.isWhitespace)
        description = parts.joined(separator: " ")
        if let interval = try CronExpression.interval(parts) {
            form = .every(seconds: interval)
            calendar = nil
            return
        }
        let fields = try CronFields(parsing: try CronExpression.expanded(parts))
        let calendar = CronCalendar(fields)
        guard calendar.namesAnExistingDay else {
            throw .invalid("schedule", "\"\(description)\" never fires: no month in it has such a day")
        }
        form = .fields(fields)
        self.calendar = calendar
    }

    /// Whether it names times of day: neither minute nor hour begins with `*`.
    ///
    /// Such a schedule keeps to the wall clock across daylight-saving changes, every other follows elapsed time.
    public var isFixed: Bool {
        switch form {
        case .fields(let fields): !fields.minute.beginsWithStar && !fields.hour.beginsWithStar
        case .every: false
        }
    }

    private static let macros = [
        "@YEARLY": "0 0 1 1 *", "@ANNUALLY": "0 0 1 1 *", "@MONTHLY": "0 0 1 * *", "@WEEKLY": "0 0 * * 0",
        "@DAILY": "0 0 * * *", "@MIDNIGHT": "0 0 * * *", "@HOURLY": "0 * * * *",
    ]

    /// The fields that a macro stands for; anything else as it is.
    private static func expanded(_ parts: [Substring]) throws(SchedulerError) -> [Substring] {
        guard let first = parts.first, first.hasPrefix("@") else { return parts }
        guard parts.count == 1, let fields = macros[first.asciiUppercased] else {
            throw .invalid(
                "schedule",
                "\"\(parts.joined(separator: " "))\" is no macro; use @yearly, @monthly, @weekly, @daily, @hourly "
                    + "or @every with an interval, for example @every 90s")
        }
        return fields.split(separator: " ")
    }

    private static func interval(_ parts: [Substring]) throws(SchedulerError) -> Int? {
        guard let first = parts.first, first.asciiUppercased == "@EVERY" else { return nil }
        guard parts.count == 2 else {
            throw .invalid(
                "schedule", "\"\(parts.joined(separator: " "))\": after @every comes one interval, such as 90s")
        }
        return try CronInterval.seconds(parsing: parts[1])
    }
}
