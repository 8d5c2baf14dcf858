import Foundation
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import Testing

@Suite("Zone files")
struct ZoneFileTests {
    private func offsets(_ file: ZoneFile, _ instants: [String]) throws -> [Int] {
        let rules = try ZoneRules(name: "Test/Zone", file: file.bytes)
        return instants.map { rules.offset(at: at($0)) }
    }

    @Test("tell the offset before, between and after their changes", arguments: [0, 50, 51, 52] as [UInt8])
    func table(version: UInt8) throws {
        let file = ZoneFile(
            version: version,
            types: [.init(offset: 600), .init(offset: -3_600, abbreviationIndex: 4), .init(offset: 7_200)],
            transitions: [(0, 1), (1_000_000_000, 2)], abbreviations: "LMT\0ABC\0")
        let instants = ["1900-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "2001-09-09T01:46:40Z"]
        #expect(try offsets(file, instants) == [600, 600, -3_600, 7_200])
        let rules = try ZoneRules(name: "Test/Zone", file: file.bytes)
        #expect(rules.abbreviation(at: .epoch) == "ABC")
        #expect(rules.nextTransition(after: at("2002-01-01T00:00:00Z")) == nil)
    }

    @Test("a change that leaves the offset as it was is no change")
    func sameOffset() throws {
        let file = ZoneFile(
            types: [.init(offset: 3_600), .init(offset: 3_600, isDaylight: true, abbreviationIndex: 4)],
            transitions: [(0, 1), (1_000, 0)], abbreviations: "AAA\0BBB\0", footer: "AAA-1")
        let rules = try ZoneRules(name: "Test/Zone", file: file.bytes)
        #expect(rules.transitions(in: .distantPast..<(.distantFuture)).isEmpty)
        #expect(rules.abbreviation(at: .epoch) == "BBB")
        #expect(rules.isDaylight(at: .epoch))
        #expect(!rules.isDaylight(at: at("1970-01-01T00:16:40Z")))
    }

    @Test(
        "daylight saving all the year is one offset without a change",
        arguments: ["EST5EDT,0/0,J365/25", "XXX3EDT4,0/0,J365/23"])
    func perpetual(footer: String) throws {
        let rules = try ZoneRules(name: "Test/Zone", file: ZoneFile(footer: footer).bytes)
        #expect(rules.transitions(in: at("2000-01-01T00:00:00Z")..<at("2300-01-01T00:00:00Z")).isEmpty)
        #expect(rules.offset(at: at("2200-12-31T23:59:59Z")) == -14_400)
        #expect(rules.abbreviation(at: at("2200-06-01T00:00:00Z")) == "EDT")
    }

    @Test(
        "with a footer that is no POSIX time zone are refused",
        arguments: [
            "CET", "CET-", "CET-25", "C-1", "<+1>-1", "<CET-1", "CET-1CEST", "CET-1CEST,M3.5.0",
            "CET-1CEST,M13.5.0,M10.5.0",
            "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0/168", "CET-1:60",
            "CET-1CEST,J0,J5", "CET-1CEST,366,5", "CET-1CEST,M3.5.0,M10.5.0,", "CET-1 ", "\u{1F600}-1",
        ])
    func badFooter(footer: String) {
        let error = #expect(throws: SchedulerError.self) {
            try ZoneRules(name: "Test/Zone", file: ZoneFile(footer: footer).bytes)
        }
        #expect(error?.faults.map(\.field) == ["timezone"])
        #expect(error?.message.contains("its footer \"\(footer)\" is not a POSIX time zone") == true)
    }

    @Test("that cannot be right say why")
    func damaged() throws {
        let cases: [(ZoneFile, String)] = [
            (ZoneFile(leapSeconds: 1), "it counts leap seconds"),
            (ZoneFile(types: []), "its header is damaged"),
            (ZoneFile(transitions: [(5, 0), (5, 0)]), "its times are not in order"),
            (ZoneFile(transitions: [(5, 1)]), "it names a type that it does not have"),
            (ZoneFile(types: [.init(offset: 100_000)]), "one of its types is damaged"),
            (ZoneFile(types: [.init(offset: 0, abbreviationIndex: 4)]), "one of its abbreviations is damaged"),
        ]
        for (file, reason) in cases {
            let error = #expect(throws: SchedulerError.self) { try ZoneRules(name: "Test/Zone", file: file.bytes) }
            #expect(error?.faults.map(\.message) == ["the zone file of \"Test/Zone\" cannot be read: \(reason)"])
        }
        let text = Array("hello, world".utf8)
        let error = #expect(throws: SchedulerError.self) { try ZoneRules(name: "Test/Zone", file: text) }
        #expect(error?.message.hasSuffix("it is not a TZif file") == true)
    }

    private static func example() throws -> [UInt8] {
        try Array(Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/Africa/Casablanca")))
    }

    @Test("cut off anywhere are refused")
    func cutOff() throws {
        let bytes = try Self.example()
        for count in 0..<bytes.count {
            #expect(throws: SchedulerError.self, "\(count) bytes") {
                try ZoneRules(name: "Test/Zone", file: Array(bytes[..<count]))
            }
        }
    }

    @Test("with wrong bytes are refused, or read and total")
    func mutated() throws {
        var random = SeededGenerator(seed: Randomness.seed)
        let originals = [
            try Self.example(), ZoneFile(footer: "EST5EDT,M3.2.0,M11.1.0").bytes,
            ZoneFile(transitions: [(-(1 << 59), 0), (1 << 40, 0)], footer: "<-02>2<-01>,M3.5.0/-1,M10.5.0/0").bytes,
        ]
        let expression = try CronExpression(parsing: "30 2 * * *")
        for _ in 0..<(600 * Randomness.factor) {
            var bytes = originals[Int.random(in: 0..<originals.count, using: &random)]
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let rules = try? ZoneRules(name: "Test/Zone", file: bytes) else { continue }
            let instant = UTCInstant(
                secondsSinceEpoch: Int64.random(in: -5_000_000_000...9_000_000_000, using: &random))
            let times = FireTimes(expression, in: rules)
            let next = try #require(times.next(after: instant), "seed \(Randomness.seed)")
            let previous = try #require(times.previous(before: instant), "seed \(Randomness.seed)")
            #expect(previous < instant && instant < next)
            #expect(rules.abbreviation(at: next).utf8.count < 256)
        }
    }
}
