import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import Testing

@Suite("Fire times against a reference that steps through time")
struct FireTimesPropertyTests {
    private static let zones = [
        "Europe/Berlin", "America/New_York", "Europe/London", "Australia/Lord_Howe", "America/Sao_Paulo",
        "Africa/Casablanca", "Pacific/Apia", "Asia/Kathmandu", "Europe/Dublin", "Pacific/Kwajalein", "America/Caracas",
        "Asia/Pyongyang", "Antarctica/Troll", "America/Havana", "America/Santiago", "Africa/Cairo", "Asia/Gaza",
        "Asia/Tehran", "Pacific/Chatham", "America/Nuuk", "Europe/Volgograd", "Europe/Istanbul", "Asia/Amman", "UTC",
    ]

    @Test("of whole minutes about changes of the clock are the same, forwards and backwards")
    func minutes() throws {
        try compare(cases: 1_500 * Randomness.factor, step: 60, reach: 3 * 3_600)
    }

    @Test("of seconds about changes of the clock are the same, forwards and backwards")
    func seconds() throws {
        try compare(cases: 40 * Randomness.factor, step: 1, reach: 2_400)
    }

    @Test("of zones that change several times within hours are the same, forwards and backwards")
    func restlessZones() throws {
        var random = SeededGenerator(seed: Randomness.seed)
        let zones = try (0..<20).map { _ in try Self.restlessZone(&random) }
        try compare(cases: 100 * Randomness.factor, step: 60, reach: 6 * 3_600, in: zones)
    }

    /// - Parameter reach: how far from a random instant the fire times are compared, in seconds.
    private func compare(cases: Int, step: Int64, reach: Int64, in zones: [ZoneRules]? = nil) throws {
        var random = SeededGenerator(seed: Randomness.seed)
        let changes = try (zones ?? Self.zones.map(SystemZones.shared.zone)).map { zone in
            (zone, zone.transitions(in: at("1975-01-01T00:00:00Z")..<at("2150-01-01T00:00:00Z")))
        }
        var compared = 0
        var withFires = 0
        while compared < cases {
            let (zone, transitions) = changes[Int.random(in: 0..<changes.count, using: &random)]
            let center = Self.center(transitions, &random)
            let about = WallFields(center + Int64(zone.offset(at: UTCInstant(secondsSinceEpoch: center))))
            let cron = ReferenceCron.random(about: about, wholeMinutes: step == 60, using: &random)
            // The reference may well think of a day that never is.
            guard let expression = try? CronExpression(parsing: cron.description) else { continue }
            let gap = GapPolicy.allCases[Int.random(in: 0...1, using: &random)]
            let overlap = RepeatPolicy.allCases[Int.random(in: 0...2, using: &random)]
            let range = (center - reach)...(center + reach)
            let reference = ReferenceFires(
                cron: cron, zone: zone, gapPolicy: gap, repeatPolicy: overlap, step: step)
            let times = FireTimes(expression, in: zone, gapPolicy: gap, repeatPolicy: overlap)
            let expected = reference.fires(in: range)
            let comment: Comment =
                "\(cron) in \(zone.name) about \(UTCInstant(secondsSinceEpoch: center)), \(gap), \(overlap), seed \(Randomness.seed)"
            #expect(Self.forwards(times, range) == expected, comment)
            #expect(Self.backwards(times, range) == expected, comment)
            Self.probe(times, range, expected, comment, &random)
            compared += 1
            withFires += expected.isEmpty ? 0 : 1
        }
        // Else there would be little to compare.
        #expect(withFires * 10 > cases, "seed \(Randomness.seed)")
    }

    /// A zone whose offset changes six times, at random, in quick succession.
    private static func restlessZone(_ random: inout SeededGenerator) throws -> ZoneRules {
        let types = (0..<5).map { _ in
            ZoneFile.LocalType(offset: Int32.random(in: -12...20, using: &random) * 900)
        }
        var time: Int64 = 1_800_000_000
        let transitions = (0..<6).map { _ in
            time += Int64.random(in: 1...20, using: &random) * 900
            return (time, UInt8.random(in: 0..<5, using: &random))
        }
        return try ZoneRules(name: "Test/Zone", file: ZoneFile(types: types, transitions: transitions).bytes)
    }

    private static func center(_ transitions: [ZoneRules.Transition], _ random: inout SeededGenerator) -> Int64 {
        guard let transition = transitions.randomElement(using: &random), random.chance(85) else {
            return Int64.random(in: 157_766_400...5_680_281_600, using: &random) / 60 * 60
        }
        return transition.instant.secondsSinceEpoch + Int64.random(in: -90...90, using: &random) * 60
    }

    private static func forwards(_ times: FireTimes, _ range: ClosedRange<Int64>) -> [Int64] {
        var fires: [Int64] = []
        var instant = UTCInstant(secondsSinceEpoch: range.lowerBound - 1)
        while let next = times.next(after: instant), next.secondsSinceEpoch <= range.upperBound {
            fires.append(next.secondsSinceEpoch)
            guard next > instant else { return fires }
            instant = next
        }
        return fires
    }

    private static func backwards(_ times: FireTimes, _ range: ClosedRange<Int64>) -> [Int64] {
        var fires: [Int64] = []
        var instant = UTCInstant(secondsSinceEpoch: range.upperBound + 1)
        while let previous = times.previous(before: instant), previous.secondsSinceEpoch >= range.lowerBound {
            fires.append(previous.secondsSinceEpoch)
            guard previous < instant else { return fires.reversed() }
            instant = previous
        }
        return fires.reversed()
    }

    /// Asks from somewhere in between, to the microsecond.
    private static func probe(
        _ times: FireTimes, _ range: ClosedRange<Int64>, _ expected: [Int64], _ comment: Comment,
        _ random: inout SeededGenerator
    ) {
        let micros = Int64.random(
            in: (range.lowerBound * 1_000_000)...(range.upperBound * 1_000_000), using: &random)
        let instant = UTCInstant(microsecondsSinceEpoch: random.chance(50) ? micros : micros / 60_000_000 * 60_000_000)
        let fires = expected.map { UTCInstant(secondsSinceEpoch: $0) }
        if let following = fires.first(where: { $0 > instant }) {
            #expect(times.next(after: instant) == following, comment)
        }
        if let preceding = fires.last(where: { $0 < instant }) {
            #expect(times.previous(before: instant) == preceding, comment)
        }
    }

    @Test("of rare days are the same as stepping from day to day finds")
    func rareDays() throws {
        var random = SeededGenerator(seed: Randomness.seed)
        for _ in 0..<(200 * Randomness.factor) {
            let day = Int64.random(in: 0...60_000, using: &random)
            var cron = ReferenceCron.random(about: WallFields(day * 86_400), wholeMinutes: true, using: &random)
            cron.hour = ReferenceCron.Field(text: "0") { $0.hour == 0 }
            cron.minute = cron.hour
            guard let expression = try? CronExpression(parsing: cron.description) else { continue }
            let times = FireTimes(expression, in: .utc)
            let probe = UTCInstant(secondsSinceEpoch: day * 86_400)
            let comment: Comment = "\(cron) from \(probe), seed \(Randomness.seed)"
            let years: Int64 = 9 * 366
            if let next = (1...years).first(where: { cron.matchesDay(WallFields((day + $0) * 86_400)) }) {
                #expect(times.next(after: probe) == probe.advanced(by: .seconds(next * 86_400)), comment)
            } else if let next = times.next(after: probe) {
                #expect(next > probe.advanced(by: .seconds(years * 86_400)), comment)
            }
            if let previous = (1...years).first(where: { cron.matchesDay(WallFields((day - $0) * 86_400)) }) {
                #expect(times.previous(before: probe) == probe.advanced(by: .seconds(-previous * 86_400)), comment)
            } else if let previous = times.previous(before: probe) {
                #expect(previous < probe.advanced(by: .seconds(-years * 86_400)), comment)
            }
        }
    }
}
