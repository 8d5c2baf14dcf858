import SchedulerDomain
import Testing

@Suite("Civil dates")
struct CivilDateTests {
    @Test(
        "have known days and weekdays",
        arguments: [
            (1970, 1, 1, 0, 4), (2000, 2, 29, 11_016, 2), (2000, 3, 1, 11_017, 3), (2026, 11, 21, 20_778, 6),
            (1900, 3, 1, -25_508, 4), (1, 1, 1, -719_162, 1), (1969, 12, 31, -1, 3), (9999, 12, 31, 2_932_896, 5),
            (0, 3, 1, -719_468, 3),
        ] as [(Int64, Int, Int, Int64, Int)])
    func known(year: Int64, month: Int, day: Int, days: Int64, weekday: Int) throws {
        let date = try #require(CivilDate(year: year, month: month, day: day))
        #expect(date.daysSinceEpoch == days)
        #expect(CivilDate(daysSinceEpoch: days) == date)
        #expect(date.weekday == weekday)
    }

    @Test("follow one another without a gap for 450 years")
    func consecutive() throws {
        var expected = try #require(CivilDate(year: 1600, month: 1, day: 1))
        for days in expected.daysSinceEpoch..<(expected.daysSinceEpoch + 450 * 366) {
            let date = CivilDate(daysSinceEpoch: days)
            guard date == expected, date.daysSinceEpoch == days else {
                Issue.record("day \(days) is \(date), expected \(expected)")
                return
            }
            let isLast = date.day == CivilDate.daysIn(month: date.month, of: date.year)
            let month = isLast ? date.month % 12 + 1 : date.month
            let year = isLast && month == 1 ? date.year + 1 : date.year
            guard let next = CivilDate(year: year, month: month, day: isLast ? 1 : date.day + 1) else {
                Issue.record("no day follows \(date)")
                return
            }
            expected = next
        }
    }

    @Test(
        "exist or not",
        arguments: [
            (2024, 2, 29, true), (2023, 2, 29, false), (2100, 2, 29, false),
            (2000, 2, 29, true), (2026, 4, 31, false), (2026, 0, 1, false), (2026, 13, 1, false), (2026, 1, 0, false),
        ]
            as [(Int64, Int, Int, Bool)])
    func existence(year: Int64, month: Int, day: Int, exists: Bool) {
        #expect((CivilDate(year: year, month: month, day: day) != nil) == exists)
    }
}
