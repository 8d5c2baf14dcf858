import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import Testing

@Suite("A fixed rate")
struct FixedRateTests {
    @Test("counts from the start, which is itself a fire time")
    func fromStart() throws {
        let start = at("2026-11-21T01:00:07.5Z")
        let times = FireTimes(try CronExpression(parsing: "@every 90s"), in: .utc, from: start)
        #expect(times.next(after: .epoch) == start)
        #expect(times.next(after: start) == at("2026-11-21T01:01:37.5Z"))
        #expect(times.previous(before: at("2026-11-21T01:02:00Z")) == at("2026-11-21T01:01:37.5Z"))
        #expect(times.previous(before: at("2026-11-21T01:01:37.5Z")) == start)
        #expect(times.previous(before: start) == nil)
    }

    @Test("counts from the Unix epoch where there is no start")
    func fromEpoch() throws {
        let times = FireTimes(try CronExpression(parsing: "@EVERY 7m"), in: .utc)
        #expect(times.next(after: .epoch) == at("1970-01-01T00:07:00Z"))
        #expect(times.next(after: at("1969-12-31T23:59:59Z")) == .epoch)
        #expect(times.previous(before: .epoch) == at("1969-12-31T23:53:00Z"))
    }

    @Test("ends with the end, which still counts")
    func end() throws {
        let end = at("1970-01-01T00:14:00Z")
        let times = FireTimes(try CronExpression(parsing: "@every 7m"), in: .utc, through: end)
        #expect(times.next(after: at("1970-01-01T00:07:00Z")) == end)
        #expect(times.next(after: end) == nil)
        #expect(times.previous(before: .distantFuture) == end)
        #expect(times.previous(before: end) == at("1970-01-01T00:07:00Z"))
    }

    @Test("has an answer at the ends of time", arguments: ["@every 1s", "@every 36525d", "* * * * * *", "0 0 29 2 *"])
    func ends(text: String) throws {
        let times = FireTimes(try CronExpression(parsing: text), in: .utc)
        let first = UTCInstant(microsecondsSinceEpoch: .min)
        let last = UTCInstant(microsecondsSinceEpoch: .max)
        #expect(try #require(times.next(after: first)) >= .distantPast)
        #expect(times.next(after: last) == nil)
        #expect(times.previous(before: first) == nil)
        #expect(try #require(times.previous(before: last)) <= .distantFuture)
        let never = FireTimes(try CronExpression(parsing: text), in: .utc, from: last, through: first)
        #expect(never.next(after: .epoch) == nil)
        #expect(never.previous(before: .epoch) == nil)
    }

    @Test(
        "is written in whole units from large to small",
        arguments: [
            ("90s", "1970-01-01T00:01:30Z"), ("1h30m", "1970-01-01T01:30:00Z"), ("2d", "1970-01-03T00:00:00Z"),
            ("1d2h3m4s", "1970-01-02T02:03:04Z"), ("120m", "1970-01-01T02:00:00Z"), ("1s", "1970-01-01T00:00:01Z"),
        ])
    func intervals(text: String, first: String) throws {
        let times = FireTimes(try CronExpression(parsing: "@every \(text)"), in: .utc)
        #expect(times.next(after: .epoch) == at(first))
    }

    private static let allowed = "use whole days, hours, minutes and seconds, for example 90s, 1h30m or 2d"

    @Test(
        "that cannot be read says what is allowed",
        arguments: ["90", "s", "1.5h", "-5s", "30m1h", "1h1h", "5w", "5 m", "٣s", "90S", "1hour"])
    func refused(text: String) {
        let error = #expect(throws: SchedulerError.self) { try CronExpression(parsing: "@every \(text)") }
        if !text.contains(" ") { #expect(error?.message == "schedule: @every: \"\(text)\": \(Self.allowed)") }
    }

    @Test(
        "is neither shorter than a second nor longer than a hundred years",
        arguments: [
            ("0s", #"@every: "0s" is shorter than a second"#), ("0h0m", #"@every: "0h0m" is shorter than a second"#),
            ("36526d", #"@every: "36526d" is longer than 36525d"#),
            ("99999999999999999999999s", #"@every: "99999999999999999999999s" is longer than 36525d"#),
            ("9999999999d9999999999h", #"@every: "9999999999d9999999999h" is longer than 36525d"#),
        ])
    func bounds(text: String, message: String) {
        let error = #expect(throws: SchedulerError.self) { try CronExpression(parsing: "@every \(text)") }
        #expect(error?.faults.map(\.message) == [message])
    }
}
