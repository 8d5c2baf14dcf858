/// A month of the proleptic Gregorian calendar, with its days as bits: bit n stands for day n.
struct CivilMonth: Sendable, Hashable {
    let year: Int64
    /// 1–12.
    let month: Int
    /// The first day, counted from 1970-01-01.
    let daysSinceEpoch: Int64
    /// 28–31.
    let length: Int
    /// That of the first day: 0 for Sunday to 6 for Saturday.
    let weekday: Int

    /// - Precondition: `month` is 1–12.
    init(year: Int64, month: Int) {
        self.init(
            year: year, month: month,
            daysSinceEpoch: CivilDate.daysSinceEpoch(year: year, month: month, day: 1))
    }

    /// The month of a day.
    init(of date: CivilDate, daysSinceEpoch: Int64) {
        self.init(year: date.year, month: date.month, daysSinceEpoch: daysSinceEpoch - Int64(date.day - 1))
    }

    private init(year: Int64, month: Int, daysSinceEpoch: Int64) {
        self.year = year
        self.month = month
        self.daysSinceEpoch = daysSinceEpoch
        length = CivilDate.daysIn(month: month, of: year)
        weekday = CivilDate.weekday(daysSinceEpoch: daysSinceEpoch)
    }

    /// Every day of it.
    var allDays: UInt64 { (1 << UInt64(length + 1)) - 2 }

    /// Its last seven days.
    var lastWeek: UInt64 { 0x7F << UInt64(length - 6) }

    /// The days, also beyond the month's end, whose weekday is in the set (bit 0 for Sunday to bit 6 for Saturday).
    func days(of weekdays: UInt64) -> UInt64 {
        let week = (weekdays >> UInt64(weekday) | weekdays << UInt64(7 - weekday)) & 0x7F
        return (week | week << 7 | week << 14 | week << 21 | week << 28) << 1
    }

    /// The first day of a weekday, 1–7.
    func firstDay(of weekday: Int) -> Int { 1 + (weekday - self.weekday + 7) % 7 }

    /// The day from Monday to Friday nearest to `day` that lies in the month.
    func nearestWorkday(to day: Int) -> Int {
        switch (weekday + day - 1) % 7 {
        case 6: day > 1 ? day - 1 : day + 2
        case 0: day < length ? day + 1 : day - 2
        default: day
        }
    }
}
