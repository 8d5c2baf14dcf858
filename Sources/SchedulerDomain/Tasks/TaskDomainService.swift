private import SchedulerErrors

/// Rules of a task that need nothing but its values.
public enum TaskDomainService {
    /// Returns the first fire time after a task was created or its schedule changed; nil where it has no schedule.
    ///
    /// - Throws: `validation` where schedule or zone cannot be read, or where the schedule would never fire, which
    ///   nobody means.
    public static func firstFireTime(of spec: TaskSpec, after now: UTCInstant, zones: any ZoneCatalog) throws
        -> UTCInstant?
    {
        guard let times = try FireTimes(of: spec, zones: zones) else { return nil }
        if let first = times.next(after: now) { return first }
        if let end = spec.endDate, end <= now {
            throw SchedulerError.invalid("end_date", "lies in the past, so the schedule would never fire")
        }
        throw SchedulerError.invalid(
            "schedule", "never fires" + (spec.endDate == nil ? "" : " between now (or start_date) and end_date"))
    }
}
