import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import SchedulerTestingUtils
import Testing

@Suite("Fire times")
struct FireTimesTests {
    private func fires(_ text: String, _ zone: String, after start: String, _ count: Int) throws -> [String] {
        let times = FireTimes(try CronExpression(parsing: text), in: try SystemZones.shared.zone(zone))
        var instant = at(start)
        var fires: [String] = []
        while fires.count < count, let next = times.next(after: instant) {
            fires.append(next.description)
            instant = next
        }
        return fires
    }

    // Berlin goes from 02:00 to 03:00 on 29 March 2026 and from 03:00 back to 02:00 on 25 October, both at 01:00 UTC.
    // New York goes from 02:00 to 03:00 on 8 March 2026 at 07:00 UTC and from 02:00 back to 01:00 on 1 November at
    // 06:00 UTC.
    @Test(
        "of a fixed schedule keep to the wall clock; in a gap just after it, in an overlap the first time",
        arguments: [
            (
                "0 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z",
                ["2026-03-28T01:00:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"]
            ),
            (
                "30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z",
                ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
            ),
            (
                "30 2 * * *", "Europe/Berlin", "2026-10-24T00:00:00Z",
                ["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
            ),
            ("0 3 * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", ["2026-10-25T02:00:00Z", "2026-10-26T02:00:00Z"]),
            (
                "30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z",
                ["2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"]
            ),
            (
                "30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z",
                ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]
            ),
            (
                "0,15,30 2 29 3 *", "Europe/Berlin", "2026-01-01T00:00:00Z",
                ["2026-03-29T01:00:00Z", "2027-03-29T00:00:00Z"]
            ),
            (
                "30 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z",
                ["2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]
            ),
            ("0 0 * * *", "Asia/Kathmandu", "2026-11-21T00:00:00Z", ["2026-11-21T18:15:00Z", "2026-11-22T18:15:00Z"]),
            (
                "0 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z",
                ["2026-10-03T15:30:00Z", "2026-10-04T15:00:00Z"]
            ),
        ])
    func fixed(text: String, zone: String, start: String, expected: [String]) throws {
        #expect(try fires(text, zone, after: start, expected.count) == expected)
    }

    @Test(
        "of a wildcard schedule follow elapsed time through gap and overlap",
        arguments: [
            (
                "0 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z",
                ["2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"]
            ),
            (
                "0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z",
                ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"]
            ),
            (
                "*/30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z",
                ["2026-03-30T00:00:00Z", "2026-03-30T00:30:00Z"]
            ),
            (
                "*/30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z",
                [
                    "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z",
                    "2026-10-26T01:00:00Z",
                ]
            ),
            (
                "30 * * * *", "America/New_York", "2026-11-01T05:00:00Z",
                ["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z", "2026-11-01T07:30:00Z"]
            ),
        ])
    func wildcard(text: String, zone: String, start: String, expected: [String]) throws {
        #expect(try fires(text, zone, after: start, expected.count) == expected)
    }

    @Test(
        "do not depend on where the search starts",
        arguments: [
            ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z"),
            ("*/20 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z"),
            ("0,30 1-3 * * *", "America/New_York", "2026-03-07T20:00:00Z"),
            ("15 0/3 * * *", "America/New_York", "2026-10-31T20:00:00Z"),
            ("0-59 0-23 * * *", "Australia/Lord_Howe", "2026-04-04T12:00:00Z"),
        ])
    func consistent(text: String, zone: String, start: String) throws {
        let times = FireTimes(try CronExpression(parsing: text), in: try SystemZones.shared.zone(zone))
        let begin = at(start)
        var all: [UTCInstant] = []
        var instant = begin
        let end = begin.advanced(by: .seconds(36 * 3_600))
        while let next = times.next(after: instant), next <= end {
            #expect(next > instant)
            all.append(next)
            instant = next
        }
        for minute in stride(from: 0, to: 36 * 60, by: 7) {
            let probe = begin.advanced(by: .seconds(minute * 60))
            let following = all.first { $0 > probe }
            if let following { #expect(times.next(after: probe) == following) }
        }
    }

    @Test("lie between start and end, both included")
    func window() throws {
        let start = at("2026-11-21T02:00:00Z")
        let end = at("2026-11-21T04:00:00Z")
        let times = FireTimes(
            try CronExpression(parsing: "0 * * * *"), in: .utc, from: start, through: end)
        #expect(times.next(after: .epoch) == start)
        #expect(times.next(after: start) == at("2026-11-21T03:00:00Z"))
        #expect(times.next(after: at("2026-11-21T03:59:59.999999Z")) == end)
        #expect(times.next(after: end) == nil)
    }

    @Test("come strictly after the instant asked for, to the microsecond")
    func strictly() throws {
        let times = FireTimes(try CronExpression(parsing: "* * * * * *"), in: .utc)
        let second = at("2026-11-21T01:00:00Z")
        #expect(times.next(after: second) == at("2026-11-21T01:00:01Z"))
        #expect(times.next(after: second.advanced(by: .microseconds(-1))) == second)
        #expect(times.next(after: second.advanced(by: .microseconds(1))) == at("2026-11-21T01:00:01Z"))
        #expect(times.next(after: UTCInstant(microsecondsSinceEpoch: -1_500_000)) == UTCInstant(secondsSinceEpoch: -1))
    }

    @Test("end with the last second that can be written")
    func theEnd() throws {
        let times = FireTimes(try CronExpression(parsing: "* * * * * *"), in: .utc)
        #expect(times.next(after: .distantFuture) == nil)
    }

    @Test("before a limit: the last one is found from any first one")
    func last() throws {
        let times = FireTimes(
            try CronExpression(parsing: "30 2 * * *"), in: try SystemZones.shared.zone("Europe/Berlin"))
        let first = at("2026-01-01T01:30:00Z")
        #expect(times.last(from: first, before: at("2026-06-30T00:30:00Z")) == at("2026-06-29T00:30:00Z"))
        #expect(times.last(from: first, before: at("2026-06-30T00:30:00.000001Z")) == at("2026-06-30T00:30:00Z"))
        #expect(times.last(from: first, before: first.advanced(by: .microseconds(1))) == first)
    }

    @Test("of a task follow its schedule, zone and dates; a task without a schedule has none")
    func ofTask() throws {
        var spec = TaskSpec.fixture(schedule: "0 2 * * *", timezone: "Europe/Berlin")
        spec.endDate = at("2026-11-23T00:00:00Z")
        let times = try #require(try FireTimes(of: spec, zones: SystemZones.shared))
        #expect(times.next(after: at("2026-11-21T12:00:00Z")) == at("2026-11-22T01:00:00Z"))
        #expect(times.next(after: at("2026-11-22T12:00:00Z")) == nil)
        #expect(try FireTimes(of: .fixture(), zones: SystemZones.shared) == nil)
    }

    @Test("of a task follow its policies for gaps and overlaps, and a fixed rate its start date")
    func policiesOfTask() throws {
        var spec = TaskSpec.fixture(schedule: "30 2 * * *", timezone: "Europe/Berlin")
        spec.gapPolicy = .skip
        spec.repeatPolicy = .last
        let times = try #require(try FireTimes(of: spec, zones: SystemZones.shared))
        #expect(times.next(after: at("2026-03-28T12:00:00Z")) == at("2026-03-30T00:30:00Z"))
        #expect(times.next(after: at("2026-10-24T12:00:00Z")) == at("2026-10-25T01:30:00Z"))
        spec.schedule = "@every 1h"
        spec.startDate = at("2026-11-21T01:20:00Z")
        let rate = try #require(try FireTimes(of: spec, zones: SystemZones.shared))
        #expect(rate.next(after: at("2026-11-21T02:00:00Z")) == at("2026-11-21T02:20:00Z"))
    }

    @Test(
        "of a year of every five minutes are all found, forwards and backwards",
        arguments: ["0 */5 * * * *", "0/5 0-23 * * *"])
    func year(text: String) throws {
        let times = FireTimes(try CronExpression(parsing: text), in: try SystemZones.shared.zone("Europe/Berlin"))
        let end = at("2027-01-01T00:00:00Z")
        var instant = at("2025-12-31T23:59:59Z")
        var count = 0
        while let next = times.next(after: instant), next < end {
            instant = next
            count += 1
        }
        // A fixed schedule leaves out the hour that the wall clock shows again.
        #expect(count == (times.expression.isFixed ? 105_108 : 105_120))
        while let previous = times.previous(before: instant), count > 0 {
            instant = previous
            count -= 1
        }
        #expect(instant == at("2025-12-31T23:55:00Z"))
    }
}
