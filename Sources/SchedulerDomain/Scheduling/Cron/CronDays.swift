/// The two day fields of a cron expression: which days of a month they allow.
struct CronDays: Sendable, Hashable {
    private let rule: CronFields.DayRule
    /// Bit n is set for day n.
    private var monthDays: UInt64
    /// Bit n is set for the n-th day before the last one.
    private var lastDays: UInt64 = 0
    private var lastWorkday = false
    /// Bit n is set for the day from Monday to Friday nearest to day n.
    private var nearestWorkdays: UInt64 = 0
    /// Bit n is set for weekday n, 0 being Sunday.
    private var weekdays: UInt64
    /// Bit 7 · (n − 1) + w is set for the n-th weekday w of the month.
    private var nthWeekdays: UInt64 = 0
    private var lastWeekdays: UInt64 = 0

    init(_ fields: CronFields) {
        rule = fields.dayRule
        monthDays = fields.dayOfMonth.bits
        weekdays = fields.dayOfWeek.bits
        for item in fields.dayOfMonth.items + fields.dayOfWeek.items {
            switch item {
            case .lastDay(let before): lastDays |= 1 << UInt64(before)
            case .lastWorkday: lastWorkday = true
            case .nearestWorkday(let day): nearestWorkdays |= 1 << UInt64(day)
            case .nthWeekday(let weekday, let nth): nthWeekdays |= 1 << UInt64(7 * (nth - 1) + weekday)
            case .lastWeekday(let weekday): lastWeekdays |= 1 << UInt64(weekday)
            case .any, .value, .range, .from: break
            }
        }
    }

    /// The days of the month that match: bit n is set for day n.
    func matching(in month: CivilMonth) -> UInt64 {
        let matching =
            switch rule {
            case .any: UInt64.max
            case .byMonth: byMonth(month)
            case .byWeek: byWeek(month)
            case .either: byMonth(month) | byWeek(month)
            case .both: byMonth(month) & byWeek(month)
            }
        return matching & month.allDays
    }

    private func byMonth(_ month: CivilMonth) -> UInt64 {
        var days = monthDays
        var rest = lastDays
        while let before = rest.first(from: 0) {
            rest &= rest - 1
            if before < month.length { days |= 1 << UInt64(month.length - before) }
        }
        if lastWorkday { days |= 1 << UInt64(month.nearestWorkday(to: month.length)) }
        rest = nearestWorkdays
        while let day = rest.first(from: 0) {
            rest &= rest - 1
            if day <= month.length { days |= 1 << UInt64(month.nearestWorkday(to: day)) }
        }
        return days
    }

    private func byWeek(_ month: CivilMonth) -> UInt64 {
        var days = month.days(of: weekdays)
        var rest = nthWeekdays
        while let bit = rest.first(from: 0) {
            rest &= rest - 1
            days |= 1 << UInt64(month.firstDay(of: bit % 7) + 7 * (bit / 7))
        }
        if lastWeekdays != 0 { days |= month.days(of: lastWeekdays) & month.lastWeek }
        return days
    }
}
