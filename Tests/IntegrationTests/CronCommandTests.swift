import Foundation
import SchedulerDomain
import SchedulerTestingUtils
import Testing

@Suite("The cron commands")
struct CronCommandTests {
    private struct Ended {
        var code: Int32
        var output: String
        var complaint: String

        var lines: [String] { output.split(separator: "\n").map(String.init) }
    }

    /// Runs the binary with nothing in its environment, and keeps its two outputs apart.
    private func cron(_ arguments: String...) async throws -> Ended { try await cron(arguments) }

    private func cron(_ arguments: [String]) async throws -> Ended {
        try await withTemporaryFolder { folder in
            let (output, complaint) = (folder.appendingPathComponent("out"), folder.appendingPathComponent("err"))
            for file in [output, complaint] { try Data().write(to: file) }
            let process = Process()
            process.executableURL = URL(fileURLWithPath: try SchedulerBinary.path())
            process.arguments = ["cron"] + arguments
            process.environment = [:]
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = try FileHandle(forWritingTo: output)
            process.standardError = try FileHandle(forWritingTo: complaint)
            let code = try await process.runToEnd()
            return Ended(
                code: code, output: try String(contentsOf: output, encoding: .utf8),
                complaint: try String(contentsOf: complaint, encoding: .utf8))
        }
    }

    @Test("next prints local time, offset, UTC, and a remark at a gap and an overlap")
    func nextForPeople() async throws {
        let gap = try await cron(
            "next", "30 2 * * *", "--tz", "Europe/Berlin", "--from", "2027-03-27T12:00:00Z", "--count", "2")
        #expect(gap.code == 0 && gap.complaint.isEmpty)
        #expect(
            gap.lines == [
                "2027-03-28 03:00:00 +02:00 CEST  2027-03-28T01:00:00Z  "
                    + "02:30 does not exist: clocks go forward from 02:00 to 03:00",
                "2027-03-29 02:30:00 +02:00 CEST  2027-03-29T00:30:00Z",
            ])
        let both = try await cron(
            "next", "30 2 * * *", "--tz", "Europe/Berlin", "--from", "2027-10-30T12:00:00Z", "--count", "2",
            "--dst-overlap", "both")
        #expect(both.lines.count == 2)
        #expect(both.lines.first?.contains("the first of two passes of 02:30") == true)
        #expect(both.lines.last?.contains("the second pass of 02:30") == true)
        let skipped = try await cron(
            "next", "30 2 * * *", "--tz", "Europe/Berlin", "--from", "2027-03-27T12:00:00Z", "--count", "1",
            "--dst-gap", "skip", "--json")
        #expect(skipped.output == "[\"2027-03-29T00:30:00Z\"]\n")
    }

    @Test("next --json prints an array of RFC 3339 times in UTC and nothing else")
    func nextForPrograms() async throws {
        let answer = try await cron("next", "0 2 * * 1-5", "--from", "2026-11-20T12:00:00Z", "--json")
        #expect(answer.code == 0 && answer.complaint.isEmpty)
        #expect(
            answer.output
                == "[\"2026-11-23T02:00:00Z\",\"2026-11-24T02:00:00Z\",\"2026-11-25T02:00:00Z\","
                + "\"2026-11-26T02:00:00Z\",\"2026-11-27T02:00:00Z\"]\n")
        // Strictly after: a time that is a fire time itself does not count.
        let strict = try await cron("next", "0 2 * * *", "--from", "2026-11-21T02:00:00Z", "--count", "1", "--json")
        #expect(strict.output == "[\"2026-11-22T02:00:00Z\"]\n")
        let offset = try await cron(
            "next", "0 2 * * *", "--from", "2026-11-21T02:59:59+01:00", "--count", "1", "--json")
        #expect(offset.output == "[\"2026-11-21T02:00:00Z\"]\n")
        let rate = try await cron("next", "@every 90s", "--from", "1970-01-01T00:01:30Z", "--count", "1", "--json")
        #expect(rate.output == "[\"1970-01-01T00:03:00Z\"]\n")
        let now = try await cron("next", "* * * * * *", "--json", "--count", "3")
        let times = try JSONValue(parsing: now.output).array?.compactMap { $0.string.flatMap { UTCInstant($0) } }
        #expect(times?.count == 3 && times == times?.sorted())
    }

    @Test("what never fires again is no error")
    func neverAgain() async throws {
        let people = try await cron("next", "0 0 0 1 1 ? 2020", "--from", "2026-11-21T00:00:00Z")
        #expect(people.code == 0 && people.output == "never again\n")
        let programs = try await cron("next", "0 0 0 1 1 ? 2020", "--from", "2026-11-21T00:00:00Z", "--json")
        #expect(programs.code == 0 && programs.output == "[]\n")
        let last = try await cron("next", "0 0 0 1 1 ? 2030", "--from", "2026-11-21T00:00:00Z")
        #expect(last.lines == ["2030-01-01 00:00:00 +00:00 UTC  2030-01-01T00:00:00Z", "never again after that"])
    }

    @Test(
        "what cannot be read exits with 2, its fault on standard error alone",
        arguments: [
            (["next", "75 * * * *"], "scheduler: schedule: minute: \"75\" is outside 0–59"),
            (["next", "75 * * * *", "--json"], "scheduler: schedule: minute: \"75\" is outside 0–59"),
            (["explain", "75 * * * *"], "scheduler: schedule: minute: \"75\" is outside 0–59"),
            (["simulate", "75 * * * *"], "scheduler: schedule: minute: \"75\" is outside 0–59"),
            (["next", ""], "scheduler: schedule: "),
            (["next", "0 0 30 2 *"], "scheduler: schedule: "),
            (["next", "@daily", "--tz", "Europe/Berln"], "did you mean Europe/Berlin?"),
            (["next", "@daily", "--from", "yesterday"], "scheduler: from: "),
            (["next", "@daily", "--count", "0"], "scheduler: count: is 0"),
            (["next", "@daily", "--count", "many"], "scheduler: count: "),
            (["next", "@daily", "--dst-gap", "both"], "scheduler: dst_gap: must be one of"),
            (["simulate", "@daily", "--dst-overlap", "no"], "scheduler: dst_overlap: must be one of"),
            (["simulate", "@daily", "--year", "12345"], "scheduler: year: "),
            (["simulate", "@daily", "--limit", "few"], "scheduler: limit: "),
        ])
    func faults(arguments: [String], complaint: String) async throws {
        let ended = try await cron(arguments)
        #expect(ended.code == 2)
        #expect(ended.output.isEmpty)
        #expect(ended.complaint.contains(complaint), "\(ended.complaint)")
    }

    @Test("explain says a schedule in words")
    func explain() async throws {
        let berlin = try await cron("explain", "0 2 * * 1-5", "--tz", "Europe/Berlin")
        #expect(berlin.code == 0 && berlin.output == "at 02:00 on weekdays, Berlin time\n")
        #expect(try await cron("explain", "0 2 * * 1-5").output == "at 02:00 on weekdays, UTC\n")
    }

    @Test("simulate lists a year with its gap and overlap, also where nothing fires on them")
    func simulate() async throws {
        let year = try await cron("simulate", "0 12 1 * *", "--tz", "Europe/Berlin", "--year", "2027")
        #expect(year.code == 0 && year.complaint.isEmpty)
        #expect(year.lines.first == "at 12:00 on the 1st of every month, Berlin time")
        let gap = try #require(
            year.lines.firstIndex(of: "-- 2027-03-28 gap: clocks go forward from 02:00 to 03:00"))
        #expect(year.lines[gap - 1].hasPrefix("2027-03-01 12:00:00 +01:00"))
        #expect(year.lines[gap + 1].hasPrefix("2027-04-01 12:00:00 +02:00"))
        #expect(year.lines.contains("-- 2027-10-31 overlap: clocks go back from 03:00 to 02:00"))
        #expect(year.lines.last == "2027: 12 fire times, 1 gap, 1 overlap")
    }

    @Test("simulate bounds what it prints, and says how much it leaves out")
    func bounded() async throws {
        let hourly = try await cron("simulate", "@hourly", "--tz", "Europe/Berlin", "--year", "2027", "--limit", "2")
        #expect(hourly.lines.contains("… 8758 further fire times (--all lists them)"))
        #expect(hourly.lines.last == "2027: 8760 fire times, 1 gap, 1 overlap")
        #expect(hourly.lines.count == 7)
        let all = try await cron("simulate", "@hourly", "--year", "2027", "--all")
        #expect(all.lines.last == "2027: 8760 fire times, 0 gaps, 0 overlaps")
        #expect(all.lines.count == 8_762)
        let secondly = try await cron("simulate", "* * * * * *", "--year", "2027", "--json")
        let json = try JSONValue(parsing: secondly.output)
        #expect(json["fires"]?.array?.count == 400)
        #expect(json["more_count_cut"] == true)
    }

    @Test("simulate --all of every second writes as it goes and ends when nobody reads on", arguments: ["", "--json"])
    func endless(flag: String) async throws {
        let binary = URL(fileURLWithPath: try SchedulerBinary.path()).path
        try await withTemporaryFolder { folder in
            let output = folder.appendingPathComponent("out")
            try Data().write(to: output)
            let process = Process()
            process.executableURL = URL(filePath: "/bin/sh")
            process.arguments = [
                "-c", "'\(binary)' cron simulate '* * * * * *' --year 2027 --all \(flag) | head -c 500000 | wc -c",
            ]
            process.standardOutput = try FileHandle(forWritingTo: output)
            try await process.runToEnd()
            #expect(try String(contentsOf: output, encoding: .utf8).contains("500000"))
        }
    }

    @Test("simulate says what a gap left out, also where nothing fires that year")
    func leftOut() async throws {
        let year = try await cron(
            "simulate", "30 2 28 3 *", "--tz", "Europe/Berlin", "--year", "2027", "--dst-gap", "skip")
        #expect(year.lines.contains("-- 2027-03-28 gap: clocks go forward from 02:00 to 03:00; 02:30 is left out"))
        #expect(year.lines.last == "2027: 0 fire times, 1 gap, 1 overlap")
        let next = try await cron(
            "next", "30 2 28 3 *", "--tz", "Europe/Berlin", "--from", "2027-01-01T00:00:00Z", "--dst-gap", "skip",
            "--count", "1")
        #expect(next.lines.first?.contains("2027-03-28 02:30 is left out: ") == true)
    }

    @Test("simulate --json has fire times and changes as fields")
    func simulateForPrograms() async throws {
        let year = try await cron("simulate", "30 2 28 3 *", "--tz", "Europe/Berlin", "--year", "2027", "--json")
        let json = try JSONValue(parsing: year.output)
        #expect(json["year"] == 2027)
        #expect(json["more"] == 0)
        #expect(json["fires"]?.array?.map { $0["local"]?.string } == ["2027-03-28T03:00:00+02:00"])
        #expect(json["changes"]?.array?.map { $0["kind"]?.string } == ["gap", "overlap"])
        #expect(json["changes"]?.array?.first?["utc"] == "2027-03-28T01:00:00Z")
    }
}
