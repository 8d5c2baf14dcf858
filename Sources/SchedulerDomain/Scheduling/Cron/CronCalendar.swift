/// The fields of a cron expression made ready for the search: sets of bits, no text.
struct CronCalendar: Sendable, Hashable {
    let seconds: UInt64
    let minutes: UInt64
    let hours: UInt64
    /// Bit n is set for month n.
    let months: UInt64
    /// The allowed years in rising order; nil: every year.
    let years: [Int64]?
    let days: CronDays
    /// Whether neither minute nor hour begins with `*`.
    let isFixed: Bool

    init(_ fields: CronFields) {
        seconds = fields.second.bits
        minutes = fields.minute.bits
        hours = fields.hour.bits
        months = fields.month.bits
        years = fields.year.isUnrestricted ? nil : fields.year.values.map(Int64.init)
        days = CronDays(fields)
        isFixed = !fields.minute.beginsWithStar && !fields.hour.beginsWithStar
    }

    /// Whether any day of the calendar matches.
    ///
    /// Without years the 28 that follow 2001 stand for all: they show every one of the fourteen calendars of a year.
    var namesAnExistingDay: Bool {
        let candidates = years ?? Array(2_001...2_028)
        return candidates.contains { year in
            (1...12).contains { month in
                months & (1 << UInt64(month)) != 0 && days.matching(in: CivilMonth(year: year, month: month)) != 0
            }
        }
    }
}

extension UInt64 {
    /// The lowest set bit at or above `value`, which is 0–64.
    func first(from value: Int) -> Int? {
        let rest = self >> UInt64(value)
        return rest == 0 ? nil : value + rest.trailingZeroBitCount
    }

    /// The highest set bit at or below `value`, which is −1 to 63.
    func last(through value: Int) -> Int? {
        guard value >= 0 else { return nil }
        let rest = self << UInt64(63 - value)
        return rest == 0 ? nil : value - rest.leadingZeroBitCount
    }
}
