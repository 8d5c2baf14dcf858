/// The search over wall-clock seconds, counted as if the zone were UTC: by months and bits, never second by second.
extension CronCalendar {
    /// The first matching wall-clock second from `lower` through `upper`; nil where there is none.
    func first(from lower: Int64, through upper: Int64) -> Int64? {
        guard lower <= upper else { return nil }
        let day = lower.floorDivided(by: 86_400)
        let date = CivilDate(daysSinceEpoch: day)
        if allows(date.year, date.month) {
            let month = CivilMonth(of: date, daysSinceEpoch: day)
            let matching = days.matching(in: month)
            if matching & (1 << UInt64(date.day)) != 0, let time = firstTime(from: Int(lower - day * 86_400)) {
                let second = day * 86_400 + Int64(time)
                return second <= upper ? second : nil
            }
            if let later = matching.first(from: date.day + 1) { return firstTime(of: later, in: month, upTo: upper) }
        }
        var year = date.year
        var number = date.month + 1
        while let next = nextMonth(from: number, of: year) {
            let month = CivilMonth(year: next.year, month: next.month)
            guard month.daysSinceEpoch * 86_400 <= upper else { return nil }
            if let day = days.matching(in: month).first(from: 1) { return firstTime(of: day, in: month, upTo: upper) }
            (year, number) = (next.year, next.month + 1)
        }
        return nil
    }

    /// The last matching wall-clock second from `lower` through `upper`; nil where there is none.
    func last(from lower: Int64, through upper: Int64) -> Int64? {
        guard lower <= upper else { return nil }
        let day = upper.floorDivided(by: 86_400)
        let date = CivilDate(daysSinceEpoch: day)
        if allows(date.year, date.month) {
            let month = CivilMonth(of: date, daysSinceEpoch: day)
            let matching = days.matching(in: month)
            if matching & (1 << UInt64(date.day)) != 0, let time = lastTime(through: Int(upper - day * 86_400)) {
                let second = day * 86_400 + Int64(time)
                return second >= lower ? second : nil
            }
            if let earlier = matching.last(through: date.day - 1) {
                return lastTime(of: earlier, in: month, downTo: lower)
            }
        }
        var year = date.year
        var number = date.month - 1
        while let previous = previousMonth(through: number, of: year) {
            let month = CivilMonth(year: previous.year, month: previous.month)
            guard (month.daysSinceEpoch + Int64(month.length)) * 86_400 > lower else { return nil }
            if let day = days.matching(in: month).last(through: 31) {
                return lastTime(of: day, in: month, downTo: lower)
            }
            (year, number) = (previous.year, previous.month - 1)
        }
        return nil
    }

    private func allows(_ year: Int64, _ month: Int) -> Bool {
        months & (1 << UInt64(month)) != 0 && years?.contains(year) ?? true
    }

    /// The first allowed month at or after month `number` (1–13) of `year`.
    private func nextMonth(from number: Int, of year: Int64) -> (year: Int64, month: Int)? {
        if let month = months.first(from: number), years?.contains(year) ?? true { return (year, month) }
        guard let month = months.first(from: 1) else { return nil }
        guard let years else { return (year + 1, month) }
        return years.first { $0 > year }.map { ($0, month) }
    }

    /// The last allowed month at or before month `number` (0–12) of `year`.
    private func previousMonth(through number: Int, of year: Int64) -> (year: Int64, month: Int)? {
        if let month = months.last(through: number), years?.contains(year) ?? true { return (year, month) }
        guard let month = months.last(through: 12) else { return nil }
        guard let years else { return (year - 1, month) }
        return years.last { $0 < year }.map { ($0, month) }
    }

    private func firstTime(of day: Int, in month: CivilMonth, upTo upper: Int64) -> Int64? {
        guard let time = firstTime(from: 0) else { return nil }
        let second = (month.daysSinceEpoch + Int64(day - 1)) * 86_400 + Int64(time)
        return second <= upper ? second : nil
    }

    private func lastTime(of day: Int, in month: CivilMonth, downTo lower: Int64) -> Int64? {
        guard let time = lastTime(through: 86_399) else { return nil }
        let second = (month.daysSinceEpoch + Int64(day - 1)) * 86_400 + Int64(time)
        return second >= lower ? second : nil
    }

    /// The first matching second of a day at or after `time`.
    private func firstTime(from time: Int) -> Int? {
        let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60)
        if hours & (1 << UInt64(hour)) != 0 {
            if minutes & (1 << UInt64(minute)) != 0, let second = seconds.first(from: second) {
                return hour * 3_600 + minute * 60 + second
            }
            if let minute = minutes.first(from: minute + 1), let second = seconds.first(from: 0) {
                return hour * 3_600 + minute * 60 + second
            }
        }
        guard let hour = hours.first(from: hour + 1), let minute = minutes.first(from: 0),
            let second = seconds.first(from: 0)
        else { return nil }
        return hour * 3_600 + minute * 60 + second
    }

    /// The last matching second of a day at or before `time`.
    private func lastTime(through time: Int) -> Int? {
        let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60)
        if hours & (1 << UInt64(hour)) != 0 {
            if minutes & (1 << UInt64(minute)) != 0, let second = seconds.last(through: second) {
                return hour * 3_600 + minute * 60 + second
            }
            if let minute = minutes.last(through: minute - 1), let second = seconds.last(through: 59) {
                return hour * 3_600 + minute * 60 + second
            }
        }
        guard let hour = hours.last(through: hour - 1), let minute = minutes.last(through: 59),
            let second = seconds.last(through: 59)
        else { return nil }
        return hour * 3_600 + minute * 60 + second
    }
}
