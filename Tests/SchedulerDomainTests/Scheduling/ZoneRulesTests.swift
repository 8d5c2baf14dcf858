import Foundation
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import Testing

/// Compares what we read from zone files with what the C library reads from them.
@Suite("Zone rules against zdump", .enabled(if: ZoneDump.isThere))
struct ZoneRulesTests {
    private static let few = [
        "Europe/Berlin", "America/New_York", "Europe/London", "Australia/Lord_Howe", "America/Sao_Paulo",
        "Africa/Casablanca", "Pacific/Apia", "Asia/Kathmandu", "Europe/Dublin", "Pacific/Kwajalein", "America/Caracas",
        "Africa/Monrovia", "Antarctica/Troll", "America/Nuuk", "Asia/Gaza", "America/Havana", "Pacific/Easter",
        "Africa/Cairo", "Asia/Tehran", "America/Scoresbysund", "Etc/GMT+12", "EST5EDT", "UTC",
    ]

    /// With more random cases also every zone of the system's list.
    static let zones = Randomness.factor == 1 ? few : Set(few + ZoneDump.allZones).sorted()

    @Test("have the same offsets, names and flags at every change from 1900 to 2150", arguments: zones)
    func likeTheSystem(name: String) throws {
        let rules = try SystemZones.shared.zone(name)
        let lines = try ZoneDump.lines(of: name, from: 1_900, to: 2_150)
        for line in lines {
            #expect(rules.offset(at: line.instant) == line.offset, "\(name) at \(line.instant)")
            #expect(rules.abbreviation(at: line.instant) == line.abbreviation, "\(name) at \(line.instant)")
            #expect(rules.isDaylight(at: line.instant) == line.isDaylight, "\(name) at \(line.instant)")
        }
        let changes = zip(lines, lines.dropFirst()).filter { before, after in
            before.offset != after.offset && before.instant.duration(to: after.instant) == .seconds(1)
        }
        let transitions = rules.transitions(in: at("1900-01-01T00:00:00Z")..<at("2150-01-01T00:00:00Z"))
        #expect(transitions.map(\.instant) == changes.map(\.1.instant))
        #expect(transitions.map(\.offsetBefore) == changes.map(\.0.offset))
        #expect(transitions.map(\.offsetAfter) == changes.map(\.1.offset))
    }

    @Test("find the changes before and after any instant", arguments: ["Europe/Berlin", "Africa/Casablanca"])
    func neighbours(name: String) throws {
        let rules = try SystemZones.shared.zone(name)
        let all = rules.transitions(in: at("1890-01-01T00:00:00Z")..<at("2400-01-01T00:00:00Z"))
        for (before, after) in zip(all, all.dropFirst()) {
            let justBefore = after.instant.advanced(by: .microseconds(-1))
            #expect(rules.nextTransition(after: before.instant) == after)
            #expect(rules.nextTransition(after: justBefore) == after)
            #expect(rules.previousTransition(atOrBefore: after.instant) == after)
            #expect(rules.previousTransition(atOrBefore: justBefore) == before)
        }
        #expect(rules.previousTransition(atOrBefore: try #require(all.first).instant.advanced(by: .seconds(-1))) == nil)
    }

    @Test("of a footer are those that the C library takes from the same text")
    func footers() throws {
        var random = SeededGenerator(seed: Randomness.seed)
        let known = [
            "EST5EDT,M3.2.0,M11.1.0", "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "IST-1GMT0,M10.5.0,M3.5.0/1",
            "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "EET-2EEST,M3.4.4/50,M10.4.4/50", "<+0545>-5:45",
            "XXX3YYY,J60/0,J300/0", "XXX-3YYY,59/1,364/1", "AAA-1BBB-3:30:15,M2.1.1/-2,M11.5.6/25:01:02",
        ]
        let footers = known + (0..<(12 * Randomness.factor)).map { _ in Self.footer(&random) }
        for footer in footers {
            let rules = try ZoneRules(name: footer, file: ZoneFile(footer: footer).bytes)
            let lines = try ZoneDump.lines(of: footer, from: 2_040, to: 2_060)
            for line in lines {
                #expect(rules.offset(at: line.instant) == line.offset, "\(footer) at \(line.instant)")
                #expect(rules.abbreviation(at: line.instant) == line.abbreviation, "\(footer) at \(line.instant)")
            }
        }
    }

    /// A footer with random dates, kept apart so that one time of each kind lies between two changes.
    private static func footer(_ random: inout SeededGenerator) -> String {
        func date(_ months: ClosedRange<Int>, _ random: inout SeededGenerator) -> String {
            let month = Int.random(in: months, using: &random)
            let hours = Int.random(in: -20...60, using: &random)
            let day =
                switch Int.random(in: 0...2, using: &random) {
                case 0: "M\(month).\(Int.random(in: 1...5, using: &random)).\(Int.random(in: 0...6, using: &random))"
                case 1: "J\(month * 30)"
                default: "\(month * 30)"
                }
            return "\(day)/\(hours)"
        }
        let west = Int.random(in: -12...12, using: &random)
        let other = Int.random(in: -12...12, using: &random)
        return "AAA\(west):30BBB\(other),\(date(2...5, &random)),\(date(7...10, &random))"
    }
}

/// One line of `zdump -v`: what a clock shows at an instant.
struct ZoneDump {
    let instant: UTCInstant
    let offset: Int
    let abbreviation: String
    let isDaylight: Bool

    private static let program = "/usr/bin/zdump"
    static var isThere: Bool { FileManager.default.isExecutableFile(atPath: program) }

    /// The third column of `zone.tab`.
    static var allZones: [String] {
        let bytes = FileManager.default.contents(atPath: "/usr/share/zoneinfo/zone.tab") ?? Data()
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
            let columns = line.split(separator: "\t")
            return line.hasPrefix("#") || columns.count < 3 ? nil : String(columns[2])
        }
    }

    /// The seconds before and at each change.
    static func lines(of zone: String, from: Int, to: Int) throws -> [ZoneDump] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["-v", "-c", "\(from),\(to)", zone]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap(ZoneDump.init(line:))
    }

    /// `Europe/Berlin  Sun Mar 29 01:00:00 2026 UT = Sun Mar 29 03:00:00 2026 CEST isdst=1 gmtoff=7200`.
    private init?(line: Substring) {
        let words = line.split(separator: " ")
        guard words.count == 16, words[6] == "UT", let month = Self.months.firstIndex(of: words[2]),
            let day = Int(words[3]), let year = Int64(words[5]),
            let date = CivilDate(year: year, month: month + 1, day: day), let offset = Int(words[15].dropFirst(7))
        else { return nil }
        let time = words[4].split(separator: ":").compactMap { Int64($0) }
        guard time.count == 3 else { return nil }
        instant = UTCInstant(secondsSinceEpoch: date.daysSinceEpoch * 86_400 + time[0] * 3_600 + time[1] * 60 + time[2])
        self.offset = offset
        abbreviation = String(words[13])
        isDaylight = words[14] == "isdst=1"
    }

    private static let months: [Substring] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
