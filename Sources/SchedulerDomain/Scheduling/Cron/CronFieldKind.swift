/// What a field of a cron expression may hold, and how it is called in messages.
package enum CronFieldKind: String, Sendable, Hashable, CaseIterable {
    case second
    case minute
    case hour
    case dayOfMonth = "day of month"
    case month
    case dayOfWeek = "day of week"
    case year

    package var name: String { rawValue }

    /// The numbers that may be written; 0 and 7 both mean Sunday.
    package var range: ClosedRange<Int> {
        switch self {
        case .second, .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 0...7
        case .year: 1_970...2_199
        }
    }

    /// The last value of its own: 7 is a second name of Sunday.
    var last: Int { self == .dayOfWeek ? 6 : range.upperBound }

    /// The names of the values, from the lowest up.
    package var words: [String] {
        switch self {
        case .month: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
        case .dayOfWeek: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
        case .second, .minute, .hour, .dayOfMonth, .year: []
        }
    }

    var isDay: Bool { self == .dayOfMonth || self == .dayOfWeek }

    /// What a message tells that may stand there.
    var allowed: String {
        let numbers = "\(range.lowerBound)–\(range.upperBound)"
        return switch self {
        case .dayOfMonth: "use \(numbers), *, ?, L, L-3, LW, 15W, lists, ranges and steps"
        case .dayOfWeek: "use \(numbers), SUN–SAT, *, ?, 5L, FRIL, MON#2, lists, ranges and steps"
        case .month: "use \(numbers), JAN–DEC, *, lists, ranges and steps"
        case .second, .minute, .hour, .year: "use \(numbers), *, lists, ranges and steps"
        }
    }
}
