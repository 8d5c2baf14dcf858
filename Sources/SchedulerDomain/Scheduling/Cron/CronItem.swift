/// One item of the list that a cron field is, as it was written; Sunday is 0, and 7 at the end of a range.
package enum CronItem: Sendable, Hashable {
    /// `*`, `*/7`, and `?` with the step 1.
    case any(step: Int)
    /// `5`, `MON`.
    case value(Int)
    /// `9-17`, `9-17/2`; names may go round the end of the field: `FRI-MON`.
    case range(from: Int, through: Int, step: Int)
    /// `0/30`: from there to the field's end.
    case from(Int, step: Int)
    /// `L` and `L-3`: so many days before the last one of the month.
    case lastDay(before: Int)
    /// `LW`: the last day of the month from Monday to Friday.
    case lastWorkday
    /// `15W`: the day from Monday to Friday nearest to that one within the month.
    case nearestWorkday(to: Int)
    /// `MON#2`: the second Monday of the month.
    case nthWeekday(Int, nth: Int)
    /// `FRIL`: the last Friday of the month.
    case lastWeekday(Int)

    /// The values of a field that the item allows by themselves; none for days that depend on the month.
    package func values(in kind: CronFieldKind) -> [Int] {
        let first = kind.range.lowerBound
        return switch self {
        case .any(let step): Array(stride(from: first, through: kind.last, by: step))
        case .value(let value): [value]
        case .from(let start, let step): Array(stride(from: start, through: kind.last, by: step))
        case .range(let start, let end, let step) where start <= end:
            // 7 at the end of a range of weekdays is Sunday.
            stride(from: start, through: end, by: step).map { kind == .dayOfWeek && $0 == 7 ? 0 : $0 }
        case .range(let start, let end, let step):
            stride(from: start, through: end + kind.last - first + 1, by: step).map {
                $0 > kind.last ? $0 - kind.last + first - 1 : $0
            }
        case .lastDay, .lastWorkday, .nearestWorkday, .nthWeekday, .lastWeekday: []
        }
    }
}
