/// The words for the days that the day, month and year fields allow.
struct DayWords {
    private let rule: CronFields.DayRule
    private let dayOfMonth: CronField
    private let dayOfWeek: CronField
    private let months: [Int]
    private let year: CronField

    init(_ fields: CronFields) {
        dayOfMonth = fields.dayOfMonth
        dayOfWeek = fields.dayOfWeek
        months = fields.month.values
        year = fields.year
        rule = DayWords.rule(fields)
    }

    /// The words, with a space or comma before them; empty where every day is allowed.
    ///
    /// - Parameter everyDay: whether to say `every day` in that case.
    func text(everyDay: Bool) -> String {
        let days =
            switch rule {
            case .any: (everyDay ? " every day" : "") + inMonths
            case .byMonth: " on " + monthDays
            case .byWeek: " on " + weekDays
            case .either: " on \(monthDays) and also on \(weekDays)"
            case .both: " on \(monthDays), but only on \(weekDays)"
            }
        return days + inYears
    }

    /// The rule without fields that are written as restricting, but allow every day (`*/1`, `1-31`).
    private static func rule(_ fields: CronFields) -> CronFields.DayRule {
        let allMonth = fields.dayOfMonth.values.count == 31
        let allWeek = fields.dayOfWeek.values.count == 7
        return switch fields.dayRule {
        case .any: .any
        case .byMonth: allMonth ? .any : .byMonth
        case .byWeek: allWeek ? .any : .byWeek
        case .either: allMonth || allWeek ? .any : .either
        case .both where allMonth: allWeek ? .any : .byWeek
        case .both: allWeek ? .byMonth : .both
        }
    }

    // MARK: - Days of the month

    /// `the 1st and the last day of every month`.
    private var monthDays: String {
        var parts = DayWords.plainDays(dayOfMonth.values)
        for item in dayOfMonth.items {
            switch item {
            case .lastDay(before: 0): parts.append("the last day")
            case .lastDay(before: 1): parts.append("the last day but one")
            case .lastDay(let before): parts.append("the \(Phrase.ordinal(before)) day before the last")
            case .lastWorkday: parts.append("the last weekday")
            case .nearestWorkday(let day): parts.append("the weekday nearest the \(Phrase.ordinal(day))")
            case .any, .value, .range, .from, .nthWeekday, .lastWeekday: break
            }
        }
        return Phrase.list(parts) + ofMonths + (isRare ? " that has one" : "")
    }

    private static func plainDays(_ days: [Int]) -> [String] {
        if let row = Progression(days), row.step > 1 {
            let (step, first, last) = (row.step, row.first, row.last)
            return [
                "every \(Phrase.ordinal(step)) day from the \(Phrase.ordinal(first)) through the \(Phrase.ordinal(last))"
            ]
        }
        return Phrase.runs(days) { "the \(Phrase.ordinal($0))" }
    }

    /// Whether every day that is named is missing in some month, and no month is named.
    private var isRare: Bool {
        months.count == 12
            && dayOfMonth.items.allSatisfy { item in
                switch item {
                case .value(let day), .from(let day, _), .range(let day, _, _), .nearestWorkday(let day): day > 28
                case .lastDay(let before): before > 27
                case .any, .lastWorkday, .nthWeekday, .lastWeekday: false
                }
            }
    }

    // MARK: - Days of the week

    /// `weekdays`, `Mondays and the last Friday of every month`.
    private var weekDays: String {
        let plain = dayOfWeek.values
        var parts: [String] = []
        switch plain {
        case []: break
        case [1, 2, 3, 4, 5]: parts.append("weekdays" + inMonths)
        case [0, 6]: parts.append("weekends" + inMonths)
        default: parts.append(DayWords.weekdays(plain) + inMonths)
        }
        var special: [String] = []
        for item in dayOfWeek.items {
            switch item {
            case .nthWeekday(let weekday, let nth):
                special.append("the \(Phrase.rank(nth)) \(DayWords.weekday(weekday))")
            case .lastWeekday(let weekday): special.append("the last \(DayWords.weekday(weekday))")
            case .any, .value, .range, .from, .lastDay, .lastWorkday, .nearestWorkday: break
            }
        }
        if !special.isEmpty { parts.append(Phrase.list(special) + ofMonths) }
        return parts.joined(separator: " and on ")
    }

    /// `Mondays and Thursdays`, `Friday through Monday`; a week begins with Monday.
    private static func weekdays(_ days: [Int]) -> String {
        let fromMonday = days.map { ($0 + 6) % 7 }.sorted()
        let runs = Phrase.runs(fromMonday, cycle: 0...6) { weekday(($0 + 1) % 7) }
        return Phrase.list(runs.map { $0.contains(" ") ? $0 : $0 + "s" })
    }

    private static func weekday(_ day: Int) -> String {
        ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"][day % 7]
    }

    // MARK: - Months and years

    private var ofMonths: String { months.count == 12 ? " of every month" : " of \(monthNames)" }
    private var inMonths: String { months.count == 12 ? "" : " in \(monthNames)" }

    private var monthNames: String {
        let names = [
            "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
            "November", "December",
        ]
        return Phrase.list(Phrase.runs(months, cycle: 1...12) { names[$0 - 1] })
    }

    private var inYears: String {
        guard !year.isUnrestricted else { return "" }
        let years = year.values
        if let row = Progression(years), row.step > 1, years.count > 3 {
            return ", in every \(Phrase.ordinal(row.step)) year from \(row.first) through \(row.last)"
        }
        return ", in " + Phrase.list(Phrase.runs(years) { "\($0)" })
    }
}
