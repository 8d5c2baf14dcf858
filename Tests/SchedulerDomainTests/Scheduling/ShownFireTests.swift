import SchedulerDomain
import SchedulerFoundation
import Testing

@Suite("Fire times as people see them")
struct ShownFireTests {
    private func times(
        _ text: String, _ zone: String = "Europe/Berlin", gap: GapPolicy = .runAfter, overlap: RepeatPolicy = .first
    ) throws -> FireTimes {
        FireTimes(
            try CronExpression(parsing: text), in: try SystemZones.shared.zone(zone), gapPolicy: gap,
            repeatPolicy: overlap)
    }

    private func shown(after start: String, _ times: FireTimes) throws -> ShownFire {
        ShownFire(try #require(times.next(after: at(start))), of: times)
    }

    @Test("have their local time, offset and abbreviation")
    func ordinary() throws {
        let times = try times("0 2 * * *")
        let fire = try shown(after: "2027-03-01T12:00:00Z", times)
        #expect(fire.localText == "2027-03-02T02:00:00+01:00")
        #expect(fire.offsetText == "+01:00")
        #expect(fire.abbreviation == "CET")
        #expect(fire.remark == nil)
        let newfoundland = try ShownFire(at("2027-03-01T00:00:00Z"), of: self.times("0 0 * * *", "America/St_Johns"))
        #expect(newfoundland.localText == "2027-02-28T20:30:00-03:30")
    }

    @Test(
        "say so where daylight saving leaves a time out or shows it twice",
        arguments: [
            (
                "30 2 * * *", "2027-03-27T12:00:00Z", RepeatPolicy.first, "2027-03-28T03:00:00+02:00",
                "02:30 does not exist: clocks go forward from 02:00 to 03:00"
            ),
            (
                "0,30 2 * * *", "2027-03-27T12:00:00Z", .first, "2027-03-28T03:00:00+02:00",
                "02:00 and 02:30 do not exist: clocks go forward from 02:00 to 03:00"
            ),
            (
                "30 2 * * *", "2027-10-30T12:00:00Z", .first, "2027-10-31T02:30:00+02:00",
                "the first of two passes of 02:30: clocks go back from 03:00 to 02:00"
            ),
            (
                "30 2 * * *", "2027-10-30T12:00:00Z", .last, "2027-10-31T02:30:00+01:00",
                "the second pass of 02:30: clocks go back from 03:00 to 02:00"
            ),
        ])
    func remarks(text: String, start: String, overlap: RepeatPolicy, local: String, remark: String) throws {
        let fire = try shown(after: start, times(text, overlap: overlap))
        #expect(fire.localText == local)
        #expect(fire.remark == remark)
    }

    @Test("of a day that never was name its date")
    func missingDay() throws {
        let fire = try shown(after: "2011-12-30T00:00:00Z", times("0 12 * * *", "Pacific/Apia"))
        #expect(fire.localText == "2011-12-31T00:00:00+14:00")
        #expect(
            fire.remark
                == "2011-12-30 12:00 does not exist: clocks go forward from 2011-12-30 00:00 to 00:00")
    }

    @Test(
        "say what a gap between them left out",
        arguments: [
            ("30 2 * * *", "02:30 is left out", "2027-03-29T02:30:00+02:00"),
            ("*/30 * * * *", "02:00 and 02:30 are left out", "2027-03-28T03:00:00+02:00"),
            ("* * * * * *", "02:00, 02:00:01, 02:00:02 and others are left out", "2027-03-28T03:00:00+02:00"),
        ])
    func leftOut(text: String, words: String, local: String) throws {
        let times = try times(text, gap: .skip)
        let gap = at("2027-03-28T01:00:00Z")
        let last = try #require(times.previous(before: gap))
        let fire = ShownFire(try #require(times.next(after: last)), of: times, after: last)
        #expect(fire.localText == local)
        let date = local.hasPrefix("2027-03-28") ? "" : "2027-03-28 "
        #expect(fire.remark == "\(date)\(words): clocks go forward from 02:00 to 03:00")
        #expect(ShownFire(fire.instant, of: times, after: gap).remark == nil)
    }

    @Test("say what each gap since the fire time before left out, however long ago")
    func leftOutLongAgo() throws {
        func remark(_ text: String, after start: String) throws -> String? {
            let times = try times(text, gap: .skip)
            let start = at(start)
            return ShownFire(try #require(times.next(after: start)), of: times, after: start).remark
        }
        #expect(
            try remark("30 2 28 3 *", after: "2027-01-01T00:00:00Z")
                == "2027-03-28 02:30 is left out: clocks go forward from 02:00 to 03:00")
        #expect(try remark("30 3 28 3 *", after: "2027-01-01T00:00:00Z") == nil)
    }

    @Test("name three gaps at most")
    func manyGaps() throws {
        // In these years clocks go forward on 28 March, but for the last.
        let times = try times("0 30 2 28 3 ? 2027,2032,2038,2049,2050", gap: .skip)
        let start = at("2027-01-01T00:00:00Z")
        let fire = try #require(times.next(after: start))
        let remark = try #require(ShownFire(fire, of: times, after: start).remark)
        #expect(remark.hasPrefix("2027-03-28 02:30 is left out: "))
        #expect(remark.split(separator: "; ").count == 4)
        #expect(remark.hasSuffix("later gaps leave out others"))
    }

    private func items(_ year: Int64, _ times: FireTimes, limit: Int? = nil) -> (
        fires: [ShownFire], changes: [ShownChange], more: Int, isCut: Bool
    ) {
        var (fires, changes, more, isCut): ([ShownFire], [ShownChange], Int, Bool) = ([], [], 0, false)
        for item in FireYear(year, of: times, limit: limit) {
            switch item {
            case .fire(let fire): fires.append(fire)
            case .change(let change): changes.append(change)
            case .more(let count, let cut): (more, isCut) = (count, cut)
            }
        }
        return (fires, changes, more, isCut)
    }

    @Test("of a year come with its gaps and overlaps, also where none falls on them")
    func year() throws {
        let year = try items(2027, times("0 12 1 * *"))
        #expect(year.fires.count == 12)
        #expect(year.more == 0)
        #expect(year.changes.map(\.transition.isGap) == [true, false])
        #expect(
            year.changes.map(\.words) == [
                "clocks go forward from 02:00 to 03:00", "clocks go back from 03:00 to 02:00",
            ])
    }

    @Test("of a year stand in order between its gaps and overlaps")
    func yearOrder() throws {
        let kinds = try FireYear(2027, of: times("0 12 1 3-4 *"), limit: 1).map { item in
            switch item {
            case .fire: "fire"
            case .change: "change"
            case .more(let count, _): "\(count) more"
            }
        }
        #expect(kinds == ["fire", "1 more", "change", "change"])
        let whole = try FireYear(2027, of: times("0 12 1 3-4 *")).map { item in
            if case .change = item { "change" } else { "fire" }
        }
        #expect(whole == ["fire", "change", "fire", "change"])
    }

    @Test("of a year without one in a gap: the gap says what it leaves out")
    func yearLeftOut() throws {
        let year = try items(2027, times("30 2 28 3 *", gap: .skip))
        #expect(year.fires.isEmpty)
        #expect(year.changes.first?.words == "clocks go forward from 02:00 to 03:00; 02:30 is left out")
        let after = try items(2027, times("30 2 28 3 *"))
        #expect(after.changes.first?.words == "clocks go forward from 02:00 to 03:00")
    }

    @Test("of a year are those of the zone's own calendar, in summer and in winter")
    func yearBorders() throws {
        let year = try items(2027, times("0 0 1 1 *", "Pacific/Kiritimati"))
        #expect(year.fires.map(\.instant) == [at("2026-12-31T10:00:00Z")])
        let last = try items(2027, times("59 23 31 12 *", "America/Los_Angeles"))
        #expect(last.fires.map(\.instant) == [at("2028-01-01T07:59:00Z")])
        #expect(try items(2027, times("0 0 0 1 1 ? 2028")).fires.isEmpty)
    }

    @Test("of a year are bounded: beyond the limit they are counted, up to a bound")
    func bounds() throws {
        let daily = try items(2027, times("0 12 * * *"), limit: 10)
        #expect(daily.fires.count == 10)
        #expect(daily.more == 355)
        #expect(!daily.isCut)
        let secondly = try items(2027, times("* * * * * *"), limit: 1)
        #expect(secondly.more == FireYear.mostCounted)
        #expect(secondly.isCut)
        #expect(secondly.changes.count == 2)
    }

    @Test("of a year are computed as they are asked for")
    func lazily() throws {
        let first = try FireYear(2027, of: times("* * * * * *", "UTC")).prefix(2).map { item in
            if case .fire(let fire) = item { fire.localText } else { "" }
        }
        #expect(first == ["2027-01-01T00:00:00+00:00", "2027-01-01T00:00:01+00:00"])
    }
}
