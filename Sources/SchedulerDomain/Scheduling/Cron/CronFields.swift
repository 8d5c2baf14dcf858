internal import SchedulerErrors

/// The fields of a cron expression as they were written; those that five or six fields leave out say what they mean.
package struct CronFields: Sendable, Hashable {
    package let second: CronField
    package let minute: CronField
    package let hour: CronField
    package let dayOfMonth: CronField
    package let month: CronField
    package let dayOfWeek: CronField
    package let year: CronField

    /// - Parameter parts: five fields (minute first), six (second first) or seven (year last).
    init(parsing parts: [Substring]) throws(SchedulerError) {
        guard (5...7).contains(parts.count) else {
            throw .invalid(
                "schedule",
                "\"\(parts.joined(separator: " "))\" has \(parts.count) field\(parts.count == 1 ? "" : "s"); "
                    + "write 5 (minute first), 6 (second first) or 7 (second first, year last)")
        }
        let fields = (parts.count == 5 ? ["0"] : []) + parts + (parts.count == 7 ? [] : ["*"])
        second = try CronField(parsing: fields[0], as: .second)
        minute = try CronField(parsing: fields[1], as: .minute)
        hour = try CronField(parsing: fields[2], as: .hour)
        dayOfMonth = try CronField(parsing: fields[3], as: .dayOfMonth)
        month = try CronField(parsing: fields[4], as: .month)
        dayOfWeek = try CronField(parsing: fields[5], as: .dayOfWeek)
        year = try CronField(parsing: fields[6], as: .year)
    }

    /// How the two day fields decide about a day.
    package enum DayRule: Sendable, Hashable {
        /// Neither restricts.
        case any
        case byMonth
        case byWeek
        /// Both restrict, and one that holds is enough.
        case either
        /// Both restrict, and as one begins with `*` both must hold.
        case both
    }

    /// `*` and `?` alone do not restrict.
    ///
    /// - SeeAlso: crontab(5) of Vixie's cron, whose source tells "begins with `*`" from "is `*`".
    package var dayRule: DayRule {
        switch (dayOfMonth.isUnrestricted, dayOfWeek.isUnrestricted) {
        case (true, true): .any
        case (false, true): .byMonth
        case (true, false): .byWeek
        case (false, false): dayOfMonth.beginsWithStar || dayOfWeek.beginsWithStar ? .both : .either
        }
    }
}
