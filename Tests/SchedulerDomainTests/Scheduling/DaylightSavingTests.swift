import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import Testing

/// Days on which clocks changed, as `zdump -v` shows them.
@Suite("Fire times at changes of the clock")
struct DaylightSavingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var expression: String
        var zone: String
        var after: String
        var expected: [String]
        var gap = GapPolicy.runAfter
        var overlap = RepeatPolicy.first

        var testDescription: String { "\(expression) in \(zone) after \(after), \(gap), \(overlap)" }
    }

    private func check(_ example: Case) throws {
        let times = FireTimes(
            try CronExpression(parsing: example.expression), in: try SystemZones.shared.zone(example.zone),
            gapPolicy: example.gap, repeatPolicy: example.overlap)
        var instant = at(example.after)
        var forwards: [String] = []
        while forwards.count < example.expected.count, let next = times.next(after: instant) {
            forwards.append(next.description)
            instant = next
        }
        #expect(forwards == example.expected)
        var backwards = [instant]
        while backwards.count < example.expected.count, let previous = times.previous(before: instant) {
            backwards.append(previous)
            instant = previous
        }
        #expect(backwards.reversed().map(\.description) == example.expected)
    }

    @Test(
        "in a gap: once at its end, or not at all",
        arguments: [
            // New York goes from 02:00 to 03:00 on 8 March 2026 at 07:00 UTC.
            Case(
                expression: "30 2 * * *", zone: "America/New_York", after: "2026-03-07T12:00:00Z",
                expected: ["2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"]),
            Case(
                expression: "30 2 * * *", zone: "America/New_York", after: "2026-03-07T00:00:00Z",
                expected: ["2026-03-07T07:30:00Z", "2026-03-09T06:30:00Z"], gap: .skip),
            // 02:15, 02:45 and 03:00 are one instant.
            Case(
                expression: "15,45 2 * * *", zone: "America/New_York", after: "2026-03-08T00:00:00Z",
                expected: ["2026-03-08T07:00:00Z", "2026-03-09T06:15:00Z", "2026-03-09T06:45:00Z"]),
            Case(
                expression: "0,15,45 2-3 * * *", zone: "America/New_York", after: "2026-03-08T00:00:00Z",
                expected: ["2026-03-08T07:00:00Z", "2026-03-08T07:15:00Z", "2026-03-08T07:45:00Z"]),
            Case(
                expression: "0,30 2-3 * * *", zone: "America/New_York", after: "2026-03-08T00:00:00Z",
                expected: ["2026-03-08T07:00:00Z", "2026-03-08T07:30:00Z", "2026-03-09T06:00:00Z"], gap: .skip),
            // London goes from 01:00 to 02:00 on 29 March 2026 at 01:00 UTC; Dublin too, and calls winter daylight saving.
            Case(
                expression: "30 1 * * *", zone: "Europe/London", after: "2026-03-28T12:00:00Z",
                expected: ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]),
            Case(
                expression: "30 1 * * *", zone: "Europe/Dublin", after: "2026-03-28T12:00:00Z",
                expected: ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]),
            // Lord Howe goes half an hour, from 02:00 to 02:30 on 4 October 2026 at 15:30 UTC of the day before.
            Case(
                expression: "10 2 * * *", zone: "Australia/Lord_Howe", after: "2026-10-02T23:00:00Z",
                expected: ["2026-10-03T15:30:00Z", "2026-10-04T15:10:00Z"]),
            Case(
                expression: "40 2 * * *", zone: "Australia/Lord_Howe", after: "2026-10-02T23:00:00Z",
                expected: ["2026-10-03T15:40:00Z", "2026-10-04T15:40:00Z"]),
            // São Paulo left out midnight, on 4 November 2018 for the last time.
            Case(
                expression: "0 0 * * *", zone: "America/Sao_Paulo", after: "2018-11-02T12:00:00Z",
                expected: ["2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"]),
            Case(
                expression: "0 0 * * *", zone: "America/Sao_Paulo", after: "2018-11-02T12:00:00Z",
                expected: ["2018-11-03T03:00:00Z", "2018-11-05T02:00:00Z"], gap: .skip),
            Case(
                expression: "0 0 * * *", zone: "America/Sao_Paulo", after: "2019-11-02T12:00:00Z",
                expected: ["2019-11-03T03:00:00Z", "2019-11-04T03:00:00Z", "2019-11-05T03:00:00Z"]),
            // Casablanca leaves its usual hour for Ramadan and comes back from 02:00 to 03:00 on 22 March 2026, 02:00 UTC.
            Case(
                expression: "30 2 * * *", zone: "Africa/Casablanca", after: "2026-03-20T12:00:00Z",
                expected: ["2026-03-21T02:30:00Z", "2026-03-22T02:00:00Z", "2026-03-23T01:30:00Z"]),
            // 30 December 2011 never was in Apia: 29 December ended at 10:00 UTC, and 31 December began.
            Case(
                expression: "0 12 * * *", zone: "Pacific/Apia", after: "2011-12-29T00:00:00Z",
                expected: ["2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"]),
            Case(
                expression: "0 12 * * *", zone: "Pacific/Apia", after: "2011-12-29T00:00:00Z",
                expected: ["2011-12-29T22:00:00Z", "2011-12-30T22:00:00Z"], gap: .skip),
            Case(
                expression: "0 0 * * *", zone: "Pacific/Apia", after: "2011-12-29T00:00:00Z",
                expected: ["2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"]),
            Case(
                expression: "0 0 9 30 12 ? 2011", zone: "Pacific/Apia", after: "2011-01-01T00:00:00Z",
                expected: ["2011-12-30T10:00:00Z"]),
            // Kathmandu moved from +05:30 to +05:45 at New Year 1986, which was no daylight saving.
            Case(
                expression: "0 0 * * *", zone: "Asia/Kathmandu", after: "1985-12-30T12:00:00Z",
                expected: ["1985-12-30T18:30:00Z", "1985-12-31T18:30:00Z", "1986-01-01T18:15:00Z"]),
            Case(
                expression: "5 0 * * *", zone: "Asia/Kathmandu", after: "1985-12-30T20:00:00Z",
                expected: ["1985-12-31T18:30:00Z", "1986-01-01T18:20:00Z"]),
            // Every second of 02:30 is one instant after the gap.
            Case(
                expression: "* 30 2 * * *", zone: "Europe/Berlin", after: "2026-03-28T12:00:00Z",
                expected: ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", "2026-03-30T00:30:01Z"]),
            // The far future follows the rule: Berlin in 2099 goes forward on 29 March.
            Case(
                expression: "30 2 * * *", zone: "Europe/Berlin", after: "2099-03-28T12:00:00Z",
                expected: ["2099-03-29T01:00:00Z", "2099-03-30T00:30:00Z"]),
            Case(
                expression: "30 2 * * *", zone: "Europe/Berlin", after: "2187-03-24T12:00:00Z",
                expected: ["2187-03-25T01:00:00Z", "2187-03-26T00:30:00Z"]),
        ])
    func gap(example: Case) throws { try check(example) }

    @Test(
        "in an overlap: the first time, the last, or both",
        arguments: [
            // New York goes from 02:00 back to 01:00 on 1 November 2026 at 06:00 UTC.
            Case(
                expression: "30 1 * * *", zone: "America/New_York", after: "2026-10-31T12:00:00Z",
                expected: ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]),
            Case(
                expression: "30 1 * * *", zone: "America/New_York", after: "2026-10-31T12:00:00Z",
                expected: ["2026-11-01T06:30:00Z", "2026-11-02T06:30:00Z"], overlap: .last),
            Case(
                expression: "30 1 * * *", zone: "America/New_York", after: "2026-10-31T12:00:00Z",
                expected: ["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z", "2026-11-02T06:30:00Z"], overlap: .both),
            // Asked from between the two.
            Case(
                expression: "30 1 * * *", zone: "America/New_York", after: "2026-11-01T05:45:00Z",
                expected: ["2026-11-02T06:30:00Z"]),
            Case(
                expression: "30 1 * * *", zone: "America/New_York", after: "2026-11-01T06:15:00Z",
                expected: ["2026-11-02T06:30:00Z"]),
            Case(
                expression: "0 2 * * *", zone: "America/New_York", after: "2026-10-31T12:00:00Z",
                expected: ["2026-11-01T07:00:00Z", "2026-11-02T07:00:00Z"]),
            // Both times of a range, in the order of real time.
            Case(
                expression: "0,30 1 * * *", zone: "Europe/London", after: "2026-10-24T12:00:00Z",
                expected: [
                    "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z",
                    "2026-10-26T01:00:00Z",
                ], overlap: .both),
            Case(
                expression: "30 1 * * *", zone: "Europe/Dublin", after: "2026-10-24T12:00:00Z",
                expected: ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]),
            // Lord Howe shows 01:30 to 02:00 twice on 5 April 2026, from 15:00 UTC of the day before.
            Case(
                expression: "45 1 * * *", zone: "Australia/Lord_Howe", after: "2026-04-04T00:00:00Z",
                expected: ["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"]),
            Case(
                expression: "45 1 * * *", zone: "Australia/Lord_Howe", after: "2026-04-04T00:00:00Z",
                expected: ["2026-04-04T15:15:00Z", "2026-04-05T15:15:00Z"], overlap: .last),
            // São Paulo went back at midnight, so the day before ended twice.
            Case(
                expression: "30 23 * * *", zone: "America/Sao_Paulo", after: "2019-02-16T12:00:00Z",
                expected: ["2019-02-17T01:30:00Z", "2019-02-18T02:30:00Z"]),
            Case(
                expression: "30 23 * * *", zone: "America/Sao_Paulo", after: "2019-02-16T12:00:00Z",
                expected: ["2019-02-17T01:30:00Z", "2019-02-17T02:30:00Z", "2019-02-18T02:30:00Z"], overlap: .both),
            // Casablanca goes from 03:00 back to 02:00 on 15 February 2026 at 02:00 UTC.
            Case(
                expression: "30 2 * * *", zone: "Africa/Casablanca", after: "2026-02-14T12:00:00Z",
                expected: ["2026-02-15T01:30:00Z", "2026-02-16T02:30:00Z"]),
            // 2100 is no leap year; the rule goes on.
            Case(
                expression: "30 2 * * *", zone: "Europe/Berlin", after: "2100-10-30T12:00:00Z",
                expected: ["2100-10-31T00:30:00Z", "2100-11-01T01:30:00Z"]),
        ])
    func overlap(example: Case) throws { try check(example) }

    @Test(
        "a wildcard schedule knows neither: it follows elapsed time",
        arguments: [
            Case(
                expression: "*/15 * * * *", zone: "America/New_York", after: "2026-03-08T06:45:00Z",
                expected: ["2026-03-08T07:00:00Z", "2026-03-08T07:15:00Z"]),
            Case(
                expression: "*/15 * * * *", zone: "America/New_York", after: "2026-11-01T05:40:00Z",
                expected: [
                    "2026-11-01T05:45:00Z", "2026-11-01T06:00:00Z", "2026-11-01T06:15:00Z", "2026-11-01T06:30:00Z",
                    "2026-11-01T06:45:00Z", "2026-11-01T07:00:00Z",
                ]),
            // Lord Howe's half an hour moves the full hour of the wall clock.
            Case(
                expression: "@hourly", zone: "Australia/Lord_Howe", after: "2026-10-03T14:00:00Z",
                expected: ["2026-10-03T14:30:00Z", "2026-10-03T16:00:00Z", "2026-10-03T17:00:00Z"]),
            Case(
                expression: "0 */4 30 12 *", zone: "Pacific/Apia", after: "2011-12-01T00:00:00Z",
                expected: ["2012-12-29T10:00:00Z", "2012-12-29T14:00:00Z"]),
            Case(
                expression: "@every 15m", zone: "America/New_York", after: "2026-03-08T06:45:00Z",
                expected: ["2026-03-08T07:00:00Z", "2026-03-08T07:15:00Z"]),
        ])
    func wildcard(example: Case) throws { try check(example) }

    @Test(
        "a time that a policy and the zone's rule rule out every year comes never again, and the answer comes at once")
    func neverAgain() throws {
        let times = FireTimes(
            try CronExpression(parsing: "0 30 2 ? 3 SUNL"), in: try SystemZones.shared.zone("Europe/Berlin"),
            gapPolicy: .skip)
        #expect(times.next(after: at("2026-01-01T00:00:00Z")) == nil)
        // Before 1981 the clocks changed on other days.
        #expect(times.previous(before: at("2026-01-01T00:00:00Z")) == at("1980-03-30T01:30:00Z"))
    }

    @Test("are remarked upon: moved out of a gap, first and second pass")
    func remarks() throws {
        let zone = try SystemZones.shared.zone("Europe/Berlin")
        let times = FireTimes(
            try CronExpression(parsing: "15,45 2 * * *"), in: zone, repeatPolicy: .both)
        let gap = try #require(times.remark(at: at("2026-03-29T01:00:00Z")))
        guard case .afterGap(let missing, let more) = gap else {
            Issue.record("\(gap) is no remark about a gap")
            return
        }
        #expect(missing.map(\.description) == ["2026-03-29T02:15:00", "2026-03-29T02:45:00"])
        #expect(!more)
        #expect(times.remark(at: at("2026-10-25T00:15:00Z")) == .firstPass)
        #expect(times.remark(at: at("2026-10-25T01:15:00Z")) == .secondPass)
        #expect(times.remark(at: at("2026-10-26T01:15:00Z")) == nil)
        let wildcard = FireTimes(try CronExpression(parsing: "*/15 * * * *"), in: zone)
        #expect(wildcard.remark(at: at("2026-03-29T01:00:00Z")) == nil)
        #expect(wildcard.remark(at: at("2026-10-25T01:15:00Z")) == .secondPass)
        let often = FireTimes(try CronExpression(parsing: "0-59 2,3 * * *"), in: zone)
        guard case .afterGap(let first, true) = often.remark(at: at("2026-03-29T01:00:00Z")) else {
            Issue.record("sixty times are missing")
            return
        }
        #expect(first.count == 10)
    }
}
