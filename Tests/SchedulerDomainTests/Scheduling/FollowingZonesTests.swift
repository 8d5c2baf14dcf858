import SchedulerDomain
import SchedulerFoundation
import Testing

@Suite("Going on by other rules of a zone")
struct FollowingZonesTests {
    private static let schedules = [
        "0 2 * * *", "30 1,2,3 * * *", "*/15 * * * *", "0 0 1 * *", "* * * * * *", "@every 90s", "0 12 29 2 *",
        "0 0 0 1 1 ? 2030", "7 */5 * * MON-FRI",
    ]
    private static let zones = [
        "Europe/Berlin", "Africa/Algiers", "Asia/Kathmandu", "Pacific/Apia", "America/New_York",
    ]

    @Test("a schedule whose zone kept its rules goes on where it was: no fire time is lost and none comes twice")
    func sameRules() throws {
        try forRandomMoments { random, times, decided, stored, now in
            let since = random.chance(50) ? decided : .epoch
            #expect(
                times.next(following: stored, decided: decided, since: since, now: now) == stored,
                "\(times.expression) in \(times.zone.name) at \(now), seed \(Randomness.seed)")
        }
    }

    @Test("a schedule in UTC and a fixed rate do not care for a zone's rules")
    func fixed() throws {
        for schedule in ["0 2 * * *", "@every 7m"] {
            let times = FireTimes(try CronExpression(parsing: schedule), in: .utc)
            var decided = try #require(times.next(after: at("2027-03-01T00:00:00Z")))
            // Followed at random moments, the ledger has each fire time once.
            var random = SeededGenerator(seed: Randomness.seed)
            for _ in 0..<500 {
                let stored = try #require(times.next(after: decided))
                let left = decided.duration(to: stored).components.seconds
                let now = decided.advanced(by: .seconds(Int64.random(in: 0..<left, using: &random)))
                let next = times.next(following: stored, decided: decided, since: .epoch, now: now)
                #expect(next == stored)
                decided = stored
            }
        }
    }

    @Test("whatever the rules become, it goes on after what was decided, and nothing is passed over that is to come")
    func otherRules() throws {
        try forRandomMoments { random, times, decided, stored, now in
            let zone = try SystemZones.shared.zone(Self.zones[Int.random(in: 0..<Self.zones.count, using: &random)])
            let changed = FireTimes(times.expression, in: zone)
            let next = changed.next(following: stored, decided: decided, since: .epoch, now: now)
            let ahead = changed.next(after: now)
            let comment: Comment =
                "\(times.expression) from \(times.zone.name) to \(zone.name) at \(now), seed \(Randomness.seed)"
            #expect(next.map { $0 > decided } ?? true, comment)
            #expect(next == ahead || next.map { $0 <= now } == true, comment)
            // What has passed is nearer to the fire time that it was than to the one before.
            if let next, next <= now { #expect(decided.duration(to: next) > next.duration(to: stored), comment) }
        }
    }

    @Test("a rare schedule whose past is written anew does not fire again for it")
    func rewrittenPast() throws {
        let times = FireTimes(try CronExpression(parsing: "0 0 1 1 *"), in: .utc)
        let stored = at("2028-01-01T01:00:00Z")
        let now = at("2027-06-01T00:00:00Z")
        // It was made and fired an hour before what is its time now.
        for decided in [at("2026-12-31T23:00:00Z"), nil] {
            #expect(
                times.next(following: stored, decided: decided, since: at("2026-12-31T22:00:00Z"), now: now)
                    == at("2028-01-01T00:00:00Z"))
        }
    }

    /// Calls with a schedule, two consecutive fire times of it, and a moment between them.
    private func forRandomMoments(
        _ body: (inout SeededGenerator, FireTimes, UTCInstant, UTCInstant, UTCInstant) throws -> Void
    ) throws {
        var random = SeededGenerator(seed: Randomness.seed)
        for _ in 0..<(500 * Randomness.factor) {
            let expression = try CronExpression(
                parsing: Self.schedules[Int.random(in: 0..<Self.schedules.count, using: &random)])
            let zone = try SystemZones.shared.zone(Self.zones[Int.random(in: 0..<Self.zones.count, using: &random)])
            let times = FireTimes(expression, in: zone)
            let start = UTCInstant(secondsSinceEpoch: Int64.random(in: 1_200_000_000..<2_000_000_000, using: &random))
            guard let decided = times.next(after: start), let stored = times.next(after: decided) else { continue }
            let gap = decided.duration(to: stored).components.seconds
            let now = decided.advanced(by: .seconds(Int64.random(in: 0..<gap, using: &random)))
            try body(&random, times, decided, stored, now)
        }
    }
}
