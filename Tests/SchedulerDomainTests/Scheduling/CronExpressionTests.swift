import SchedulerDomain
import SchedulerErrors
import Testing

@Suite("Cron expressions")
struct CronExpressionTests {
    /// The first fire times in UTC after 21 November 2026, 01:00, a Saturday.
    private func fires(_ text: String, _ count: Int) throws -> [String] {
        let times = FireTimes(try CronExpression(parsing: text), in: .utc)
        var instant = at("2026-11-21T01:00:00Z")
        var fires: [String] = []
        while fires.count < count, let next = times.next(after: instant) {
            fires.append(String(next.description.dropLast(1)))
            instant = next
        }
        return fires
    }

    @Test(
        "fire when they say",
        arguments: [
            ("* * * * *", ["2026-11-21T01:01:00", "2026-11-21T01:02:00"]),
            ("* * * * * *", ["2026-11-21T01:00:01", "2026-11-21T01:00:02"]),
            ("*/15 * * * *", ["2026-11-21T01:15:00", "2026-11-21T01:30:00"]),
            ("0/20 * * * * *", ["2026-11-21T01:00:20", "2026-11-21T01:00:40"]),
            (
                "5/25 * * * *",
                ["2026-11-21T01:05:00", "2026-11-21T01:30:00", "2026-11-21T01:55:00", "2026-11-21T02:05:00"]
            ),
            ("30 0 2 * * *", ["2026-11-21T02:00:30", "2026-11-22T02:00:30"]),
            (
                "0 9-17/4 * * *",
                ["2026-11-21T09:00:00", "2026-11-21T13:00:00", "2026-11-21T17:00:00", "2026-11-22T09:00:00"]
            ),
            ("0 0 1,15 * *", ["2026-12-01T00:00:00", "2026-12-15T00:00:00"]),
            ("0 12 * * MON-FRI", ["2026-11-23T12:00:00", "2026-11-24T12:00:00"]),
            ("0 12 * * mon,Wed", ["2026-11-23T12:00:00", "2026-11-25T12:00:00"]),
            ("0 0 * * 0", ["2026-11-22T00:00:00"]), ("0 0 * * 7", ["2026-11-22T00:00:00"]),
            ("0 0 * * 5-7", ["2026-11-22T00:00:00", "2026-11-27T00:00:00", "2026-11-28T00:00:00"]),
            (
                "0 0 * * 1/2",
                ["2026-11-23T00:00:00", "2026-11-25T00:00:00", "2026-11-27T00:00:00", "2026-11-30T00:00:00"]
            ),
            ("0 0 1 JAN,jul *", ["2027-01-01T00:00:00", "2027-07-01T00:00:00"]),
            ("0 0 ? * SUN", ["2026-11-22T00:00:00", "2026-11-29T00:00:00"]),
            ("0 0 5 * ?", ["2026-12-05T00:00:00", "2027-01-05T00:00:00"]),
            ("59 59 23 31 12 ?", ["2026-12-31T23:59:59", "2027-12-31T23:59:59"]),
            ("  0   0\t31 * *  ", ["2026-12-31T00:00:00", "2027-01-31T00:00:00", "2027-03-31T00:00:00"]),
            ("*/9223372036854775807 * * * *", ["2026-11-21T02:00:00"]),
            ("0 0 29 2 *", ["2028-02-29T00:00:00", "2032-02-29T00:00:00"]),
            ("0/30 * * * *", ["2026-11-21T01:30:00", "2026-11-21T02:00:00"]),
            // Steps start anew in each larger unit.
            ("50/7 1 * * *", ["2026-11-21T01:50:00", "2026-11-21T01:57:00", "2026-11-22T01:50:00"]),
            (
                "0 12 * * FRI-MON",
                ["2026-11-21T12:00:00", "2026-11-22T12:00:00", "2026-11-23T12:00:00", "2026-11-27T12:00:00"]
            ),
            ("0 12 * * sat-sun", ["2026-11-21T12:00:00", "2026-11-22T12:00:00", "2026-11-28T12:00:00"]),
            ("0 12 * * FRI-TUE/2", ["2026-11-22T12:00:00", "2026-11-24T12:00:00", "2026-11-27T12:00:00"]),
            (
                "0 0 1 NOV-FEB *",
                ["2026-12-01T00:00:00", "2027-01-01T00:00:00", "2027-02-01T00:00:00", "2027-11-01T00:00:00"]
            ),
            ("0 0 * * 7/2", ["2026-11-22T00:00:00", "2026-11-29T00:00:00"]),
            ("0 0 15 * MON#1", ["2026-12-07T00:00:00", "2026-12-15T00:00:00"]),
            ("0 0 0 1 1 ? 2028-2030/2", ["2028-01-01T00:00:00", "2030-01-01T00:00:00"]),
            ("0 0 0 1 1 * 2199", ["2199-01-01T00:00:00"]),
            ("0 0 0 29 2 ? 2027-2032", ["2028-02-29T00:00:00", "2032-02-29T00:00:00"]),
            ("@yearly", ["2027-01-01T00:00:00"]), ("@Annually", ["2027-01-01T00:00:00"]),
            ("@monthly", ["2026-12-01T00:00:00"]), ("@WEEKLY", ["2026-11-22T00:00:00"]),
            ("@daily", ["2026-11-22T00:00:00"]), (" @midnight ", ["2026-11-22T00:00:00"]),
            ("@hourly", ["2026-11-21T02:00:00", "2026-11-21T03:00:00"]),
        ])
    func fire(text: String, expected: [String]) throws {
        #expect(try fires(text, expected.count) == expected)
    }

    @Test(
        "know days that depend on the month",
        arguments: [
            ("0 0 L * *", ["2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28"]),
            ("0 0 l-3 * ?", ["2026-11-27", "2026-12-28"]),
            ("0 0 1,L * *", ["2026-11-30", "2026-12-01", "2026-12-31"]),
            // 31 January 2027 is a Sunday, 28 February too.
            ("0 0 LW * ?", ["2026-11-30", "2026-12-31", "2027-01-29", "2027-02-26"]),
            // 15 May 2027 is a Saturday, 15 August a Sunday.
            ("0 0 15W 5,8 ?", ["2027-05-14", "2027-08-16"]),
            // 1 May 2027 is a Saturday and 31 October a Sunday: neither leaves its month.
            ("0 0 1W 5 ?", ["2027-05-03"]), ("0 0 31w 10 ?", ["2027-10-29"]),
            // No 31st, no day near it.
            ("0 0 31W 11,12 ?", ["2026-12-31", "2027-12-31"]),
            ("0 0 ? * 5L", ["2026-11-27", "2026-12-25"]), ("0 0 ? * friL", ["2026-11-27", "2026-12-25"]),
            ("0 0 ? * MON#2", ["2026-12-14", "2027-01-11"]),
            ("0 0 ? * 1#2,7#5", ["2026-11-29", "2026-12-14", "2027-01-11"]),
        ])
    func specialDays(text: String, expected: [String]) throws {
        #expect(try fires(text, expected.count) == expected.map { $0 + "T00:00:00" })
    }

    @Test("with both day fields restricted match either, unless one begins with a star")
    func bothDays() throws {
        #expect(
            try fires("0 0 13 * FRI", 4)
                == ["2026-11-27T00:00:00", "2026-12-04T00:00:00", "2026-12-11T00:00:00", "2026-12-13T00:00:00"])
        #expect(try fires("0 0 */2 * SUN", 3) == ["2026-11-29T00:00:00", "2026-12-13T00:00:00", "2026-12-27T00:00:00"])
        // Sunday and Friday, as */5 counts.
        #expect(try fires("0 0 13 * */5", 2) == ["2026-12-13T00:00:00", "2027-06-13T00:00:00"])
    }

    @Test("find a leap day of one weekday, across the common century year too")
    func leapDay() throws {
        let times = FireTimes(try CronExpression(parsing: "0 0 29 2 */6"), in: .utc)
        var instant = at("2026-11-21T01:00:00Z")
        var years: [String] = []
        while let next = times.next(after: instant), years.count < 7 {
            years.append(String(next.description.prefix(10)))
            instant = next
        }
        // */6 is Sunday and Saturday.
        #expect(
            years == ["2032-02-29", "2048-02-29", "2060-02-29", "2076-02-29", "2088-02-29", "2116-02-29", "2128-02-29"])
    }

    @Test(
        "that cannot be read say which field, what is wrong and what is allowed",
        arguments: [
            ("75 * * * *", #"minute: "75" is outside 0–59"#),
            ("* 24 * * *", #"hour: "24" is outside 0–23"#),
            ("* * 0 * *", #"day of month: "0" is outside 1–31"#),
            ("* * * 13 *", #"month: "13" is outside 1–12"#),
            ("* * * * 8", #"day of week: "8" is outside 0–7"#),
            ("60 * * * * *", #"second: "60" is outside 0–59"#),
            ("1,75 * * * *", #"minute: "75" is outside 0–59"#),
            ("*/0 * * * *", #"minute: "*/0": a step is a whole number above 0"#),
            ("*/-1 * * * *", #"minute: "*/-1": a step is a whole number above 0"#),
            ("5- * * * *", #"minute: "5-": use 0–59, *, lists, ranges and steps"#),
            ("9-5 * * * *", #"minute: "9-5": the range ends before it begins"#),
            ("1,,2 * * * *", #"minute: "": use 0–59, *, lists, ranges and steps"#),
            ("* * * FOO *", #"month: "FOO": use 1–12, JAN–DEC, *, lists, ranges and steps"#),
            ("JAN * * * *", #"minute: "JAN": use 0–59, *, lists, ranges and steps"#),
            ("+5 * * * *", #"minute: "+5": use 0–59, *, lists, ranges and steps"#),
            ("٣ * * * *", #"minute: "٣": use 0–59, *, lists, ranges and steps"#),
            ("? * * * *", #"minute: "?": only the two day fields take "?""#),
            ("?/5 * * * *", #"minute: "?/5": only the two day fields take "?""#),
            ("* * ?/5 * *", #"day of month: "?/5": "?" takes no step"#),
            (
                "* * * *",
                #""* * * *" has 4 fields; write 5 (minute first), 6 (second first) or 7 (second first, year last)"#
            ),
            ("", #""" has 0 fields; write 5 (minute first), 6 (second first) or 7 (second first, year last)"#),
            (
                "* * * * * * * *",
                #""* * * * * * * *" has 8 fields; write 5 (minute first), 6 (second first) or 7 (second first, year last)"#
            ),
            (
                "@reboot",
                #""@reboot" is no macro; use @yearly, @monthly, @weekly, @daily, @hourly or @every with an "#
                    + "interval, for example @every 90s"
            ),
            ("@every", #""@every": after @every comes one interval, such as 90s"#),
            ("99999999999999999999 * * * *", #"minute: "99999999999999999999" is outside 0–59"#),
            ("0 0 0 1 1 ? 1969", #"year: "1969" is outside 1970–2199"#),
            ("0 0 0 1 1 ? 2200", #"year: "2200" is outside 1970–2199"#),
            ("0 0 ? * MON#6", ##"day of week: "MON#6": after "#" comes 1–5"##),
            ("0 0 ? * 8#1", #"day of week: "8" is outside 0–7"#),
            ("0 0 ? * L", #"day of week: "L": say the last of which weekday, for example FRIL or 5L"#),
            ("0 0 L-31 * ?", #"day of month: "L-31": after "L-" comes 1–30"#),
            ("0 0 32W * ?", #"day of month: "32" is outside 1–31"#),
            ("0 0 LW/2 * ?", #"day of month: "LW/2": "LW" takes no step"#),
            ("0 0 W * ?", #"day of month: "W": use 1–31, *, ?, L, L-3, LW, 15W, lists, ranges and steps"#),
            (
                "0 0 ? * 15W",
                #"day of week: "15W": use 0–7, SUN–SAT, *, ?, 5L, FRIL, MON#2, lists, ranges and steps"#
            ),
            // A long s becomes an S in capitals.
            (
                "0 0 ? * ſun",
                #"day of week: "ſun": use 0–7, SUN–SAT, *, ?, 5L, FRIL, MON#2, lists, ranges and steps"#
            ),
            ("0 0 ?,5 * *", #"day of month: "?,5": "?" stands alone"#),
            ("0 22-2 * * *", #"hour: "22-2": the range ends before it begins"#),
            ("0 0 * * 5-1", #"day of week: "5-1": the range ends before it begins"#),
            ("0 0 0 29 2 ? 2027", #""0 0 0 29 2 ? 2027" never fires: no month in it has such a day"#),
            ("0 0 L-30 2,4 ?", #""0 0 L-30 2,4 ?" never fires: no month in it has such a day"#),
            ("0 0 31W 2,4 ?", #""0 0 31W 2,4 ?" never fires: no month in it has such a day"#),
            ("0 0 */28 2 MON#4", #""0 0 */28 2 MON#4" never fires: no month in it has such a day"#),
            ("0 0 30 2 *", #""0 0 30 2 *" never fires: no month in it has such a day"#),
            ("0 0 31 2,4,6,9,11 *", #""0 0 31 2,4,6,9,11 *" never fires: no month in it has such a day"#),
            ("0 0 31 4 */2", #""0 0 31 4 */2" never fires: no month in it has such a day"#),
        ])
    func refused(text: String, message: String) {
        let error = #expect(throws: SchedulerError.self) { try CronExpression(parsing: text) }
        #expect(error?.code == .validation)
        #expect(error?.faults == [SchedulerError.FieldFault(field: "schedule", message: message)])
    }

    @Test("with an impossible day of month fire by their weekday", arguments: ["0 0 31 4 MON", "0 0 30 2 1"])
    func weekdayRemains(text: String) throws {
        #expect(try fires(text, 1).count == 1)
    }

    @Test("whose years are over are read, and come never again")
    func pastYears() throws {
        let times = FireTimes(try CronExpression(parsing: "0 0 0 1 1 ? 1999,2001"), in: .utc)
        #expect(times.next(after: at("2026-11-21T01:00:00Z")) == nil)
        #expect(times.previous(before: at("2026-11-21T01:00:00Z")) == at("2001-01-01T00:00:00Z"))
        #expect(times.previous(before: at("1999-01-01T00:00:00Z")) == nil)
    }

    @Test("of any text are read or refused, and what is read has an answer")
    func anyText() throws {
        var random = SeededGenerator(seed: Randomness.seed)
        let pieces = [
            "*", "?", "/", "-", ",", "#", "L", "W", "LW", "MON", "FRI", "JAN", "0", "1", "5", "7", "15", "31", "59",
            "2027", " ", " ", " ", " ", "@", "@every", "s", "\u{660}", "é",
        ]
        for _ in 0..<(3_000 * Randomness.factor) {
            var text = ""
            for _ in 0..<Int.random(in: 1...24, using: &random) { text += pieces.randomElement(using: &random) ?? "" }
            guard let expression = try? CronExpression(parsing: text) else { continue }
            let times = FireTimes(expression, in: .utc)
            let next = times.next(after: at("2026-11-21T01:00:00Z"))
            let previous = times.previous(before: at("2026-11-21T01:00:00Z"))
            #expect(next != nil || previous != nil, "\(text), seed \(Randomness.seed)")
            #expect(try CronExpression(parsing: expression.description) == expression)
        }
    }
}
