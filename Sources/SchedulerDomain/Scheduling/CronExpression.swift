public import SchedulerErrors

/// A cron expression of five fields (minute first) or six (second first).
///
/// Day of month and day of week both restricted: either matches, unless one begins with `*` (`*/2`): then both must
/// (Vixie's rule, crontab(5)).
public struct CronExpression: Sendable, Hashable, CustomStringConvertible {
    public let description: String
    let second: CronField
    let minute: CronField
    let hour: CronField
    private let dayOfMonth: CronField
    private let month: CronField
    private let dayOfWeek: CronField

    /// - Throws: `validation` for the field `schedule`, naming the part and what is allowed there; also for an
    ///   expression that names no existing day.
    public init(parsing text: String) throws(SchedulerError) {
        let parts = text.split(whereSeparator: \.isWhitespace)
        guard parts.count == 5 || parts.count == 6 else {
            throw .invalid(
                "schedule", "\"\(text)\" has \(parts.count) fields; write 5 (minute first) or 6 (second first)")
        }
        let fields = parts.count == 6 ? parts[...] : ["0"] + parts
        description = parts.joined(separator: " ")
        second = try CronField(parsing: fields[0], as: .second)
        minute = try CronField(parsing: fields[1], as: .minute)
        hour = try CronField(parsing: fields[2], as: .hour)
        dayOfMonth = try CronField(parsing: fields[3], as: .dayOfMonth)
        month = try CronField(parsing: fields[4], as: .month)
        dayOfWeek = try CronField(parsing: fields[5], as: .dayOfWeek)
        guard namesAnExistingDay else {
            throw .invalid("schedule", "\"\(text)\" never fires: no month in it has such a day")
        }
    }

    /// Whether it names times of day: neither minute nor hour begins with `*`.
    ///
    /// Such a schedule keeps to the wall clock across daylight-saving changes, every other follows elapsed time.
    public var isFixed: Bool { !minute.beginsWithStar && !hour.beginsWithStar }

    func matches(_ date: CivilDate) -> Bool {
        guard month.contains(date.month) else { return false }
        let byMonth = dayOfMonth.contains(date.day)
        let byWeek = dayOfWeek.contains(date.weekday)
        let either = !dayOfMonth.beginsWithStar && !dayOfWeek.beginsWithStar
        return either ? byMonth || byWeek : byMonth && byWeek
    }

    /// The first matching wall-clock second at or after `seconds` (both counted as if the zone were UTC); nil: never.
    func firstWallClock(from seconds: Int64) -> Int64? {
        var day = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        var timeOfDay = Int(seconds - day * 86_400)
        let lastDay = day + CronExpression.searchedDays
        while day <= lastDay {
            let date = CivilDate(daysSinceEpoch: day)
            if !month.contains(date.month) {
                day += Int64(CivilDate.daysIn(month: date.month, of: date.year) - date.day + 1)
            } else {
                if matches(date), let time = firstTime(from: timeOfDay) { return day * 86_400 + Int64(time) }
                day += 1
            }
            timeOfDay = 0
        }
        return nil
    }

    /// Leap days of one weekday are at most 40 years apart (across a common century year such as 2100).
    private static let searchedDays: Int64 = 41 * 366

    private func firstTime(from timeOfDay: Int) -> Int? {
        let (startHour, startMinute, startSecond) = (timeOfDay / 3_600, timeOfDay / 60 % 60, timeOfDay % 60)
        guard let hour = hour.first(from: startHour) else { return nil }
        if hour == startHour, let minute = minute.first(from: startMinute) {
            if minute == startMinute, let second = second.first(from: startSecond) {
                return hour * 3_600 + minute * 60 + second
            }
            if let minute = minute == startMinute ? self.minute.first(from: startMinute + 1) : minute {
                return hour * 3_600 + minute * 60 + firstSecond
            }
        }
        guard let later = hour == startHour ? self.hour.first(from: startHour + 1) : hour else { return nil }
        return later * 3_600 + (minute.first(from: 0) ?? 0) * 60 + firstSecond
    }

    private var firstSecond: Int { second.first(from: 0) ?? 0 }

    private var namesAnExistingDay: Bool {
        if !dayOfWeek.isUnrestricted && !dayOfMonth.beginsWithStar && !dayOfWeek.beginsWithStar { return true }
        return (1...12).contains { month in
            self.month.contains(month)
                && (1...CivilDate.daysIn(month: month, of: 2_000)).contains { dayOfMonth.contains($0) }
        }
    }
}
