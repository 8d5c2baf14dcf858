import Glibc

/// What a clock on the wall shows, taken apart by the C library.
struct WallFields {
    let year: Int
    let month: Int
    let day: Int
    let weekday: Int
    let hour: Int
    let minute: Int
    let second: Int

    init(_ wall: Int64) {
        var time = time_t(wall)
        var parts = tm()
        gmtime_r(&time, &parts)
        year = Int(parts.tm_year) + 1_900
        month = Int(parts.tm_mon) + 1
        day = Int(parts.tm_mday)
        weekday = Int(parts.tm_wday)
        hour = Int(parts.tm_hour)
        minute = Int(parts.tm_min)
        second = Int(parts.tm_sec)
    }

    /// The day number of the month's last day.
    var monthLength: Int {
        switch month {
        case 2: year % 400 == 0 || year % 4 == 0 && year % 100 != 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    func weekday(of other: Int) -> Int { (weekday + other - day + 35) % 7 }
    var workdays: [Int] { (1...monthLength).filter { (1...5).contains(weekday(of: $0)) } }
}

/// A random expression with what it means, said apart from the engine: one test per field.
struct ReferenceCron: CustomStringConvertible {
    struct Field {
        var text: String
        var allows: (WallFields) -> Bool
    }

    var second: Field
    var minute: Field
    var hour: Field
    var dayOfMonth: Field
    var month: Field
    var dayOfWeek: Field
    var year: Field?

    var description: String {
        [second, minute, hour, dayOfMonth, month, dayOfWeek, year].compactMap { $0?.text }.joined(separator: " ")
    }

    /// Vixie's rule.
    var isFixed: Bool { !minute.text.hasPrefix("*") && !hour.text.hasPrefix("*") }

    func matchesDay(_ wall: WallFields) -> Bool {
        guard month.allows(wall), year?.allows(wall) ?? true else { return false }
        let restricted = [dayOfMonth, dayOfWeek].filter { $0.text != "*" && $0.text != "?" }
        if restricted.count == 2, !restricted.contains(where: { $0.text.hasPrefix("*") }) {
            return restricted.contains { $0.allows(wall) }
        }
        return restricted.allSatisfy { $0.allows(wall) }
    }
}

extension ReferenceCron {
    /// An expression that is likely to match about the wall-clock time `about`.
    ///
    /// - Parameter wholeMinutes: leaves the seconds at 0.
    static func random(
        about: WallFields, wholeMinutes: Bool, using random: inout SeededGenerator
    ) -> ReferenceCron {
        let zero = Field(text: "0") { $0.second == 0 }
        let isOften = random.chance(70)
        return ReferenceCron(
            second: wholeMinutes ? zero : simple(0...59, near: about.second, &random) { $0.second },
            minute: random.chance(30)
                ? simple(0...59, near: nil, &random) { $0.minute }
                : simple(0...59, near: about.minute, &random) { $0.minute },
            hour: simple(0...23, near: about.hour, &random) { $0.hour },
            dayOfMonth: isOften ? any(&random, orQuestionMark: true) : dayOfMonth(about, &random),
            month: isOften || random.chance(50)
                ? any(&random) : simple(1...12, near: about.month, names: months, &random) { $0.month },
            dayOfWeek: random.chance(65) ? any(&random, orQuestionMark: true) : dayOfWeek(about, &random),
            year: random.chance(85) ? nil : simple(1_970...2_199, near: about.year, &random) { $0.year })
    }

    private static let months = ["JAN", "FEB", "MAR", "APR", "may", "Jun", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
    private static let weekdays = ["SUN", "MON", "tue", "WED", "Thu", "FRI", "SAT"]

    private static func any(_ random: inout SeededGenerator, orQuestionMark: Bool = false) -> Field {
        Field(text: orQuestionMark && random.chance(30) ? "?" : "*") { _ in true }
    }

    /// Stars, and lists of values, ranges and steps.
    private static func simple(
        _ range: ClosedRange<Int>, near: Int?, names: [String] = [], _ random: inout SeededGenerator,
        value: @escaping (WallFields) -> Int
    ) -> Field {
        if random.chance(20) { return Field(text: "*") { _ in true } }
        if random.chance(20) {
            let step = Int.random(in: 1...20, using: &random)
            return Field(text: "*/\(step)") { (value($0) - range.lowerBound) % step == 0 }
        }
        let items = (0..<Int.random(in: 1...3, using: &random)).map { _ in
            item(range, near: near, names: names, &random)
        }
        return Field(text: items.map(\.text).joined(separator: ",")) { wall in items.contains { $0.allows(value(wall)) }
        }
    }

    private static func item(
        _ range: ClosedRange<Int>, near: Int?, names: [String], _ random: inout SeededGenerator
    ) -> (text: String, allows: (Int) -> Bool) {
        func written(_ value: Int, _ named: Bool) -> String { named ? names[value - range.lowerBound] : "\(value)" }
        func some(_ random: inout SeededGenerator) -> Int {
            let around = near.map {
                min(max($0 + Int.random(in: -1...1, using: &random), range.lowerBound), range.upperBound)
            }
            return random.chance(60)
                ? around ?? Int.random(in: range, using: &random) : Int.random(in: range, using: &random)
        }
        let named = !names.isEmpty && random.chance(50)
        let first = some(&random)
        let step = Int.random(in: 1...9, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return ("\(written(first, named))", { $0 == first })
        case 1: return ("\(written(first, named))/\(step)", { $0 >= first && ($0 - first) % step == 0 })
        default:
            let last = some(&random)
            let stepped = random.chance(40)
            let suffix = stepped ? "/\(step)" : ""
            let by = stepped ? step : 1
            if first > last, !named {
                return ("\(last)-\(first)\(suffix)", { $0 >= last && $0 <= first && ($0 - last) % by == 0 })
            }
            let size = range.count
            let length = (last - first + size) % size
            let isIn: (Int) -> Bool = { value in
                let distance = (value - first + size) % size
                return distance <= length && distance % by == 0
            }
            return ("\(written(first, named))-\(written(last, named))\(suffix)", isIn)
        }
    }

    private static func dayOfMonth(_ about: WallFields, _ random: inout SeededGenerator) -> Field {
        let day = random.chance(50) ? about.day : Int.random(in: 1...31, using: &random)
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return Field(text: "L") { $0.day == $0.monthLength }
        case 1:
            let before = Int.random(in: 1...30, using: &random)
            return Field(text: "L-\(before)") { $0.day == $0.monthLength - before }
        case 2: return Field(text: "LW") { $0.day == $0.workdays.last }
        case 3, 4:
            return Field(text: "\(day)w") { wall in
                guard day <= wall.monthLength else { return false }
                return wall.day == wall.workdays.min { abs($0 - day) < abs($1 - day) }
            }
        default: return simple(1...31, near: about.day, &random) { $0.day }
        }
    }

    private static func dayOfWeek(_ about: WallFields, _ random: inout SeededGenerator) -> Field {
        let weekday = random.chance(60) ? about.weekday : Int.random(in: 0...6, using: &random)
        let text = random.chance(50) ? weekdays[weekday] : weekday == 0 && random.chance(50) ? "7" : "\(weekday)"
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return Field(text: "\(text)L") { $0.weekday == weekday && $0.day + 7 > $0.monthLength }
        case 1, 2:
            let nth = Int.random(in: 1...5, using: &random)
            return Field(text: "\(text)#\(nth)") { $0.weekday == weekday && ($0.day - 1) / 7 + 1 == nth }
        default: return simple(0...6, near: about.weekday, names: weekdays, &random) { $0.weekday }
        }
    }
}
