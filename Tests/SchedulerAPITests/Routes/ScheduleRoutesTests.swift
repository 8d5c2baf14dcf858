import SchedulerDomain
import SchedulerTestingUtils
import Testing

@testable import SchedulerAPI

@Suite("Previews of schedules")
struct ScheduleRoutesTests {
    private let path = "/api/schedules/preview"

    @Test(
        "tell a schedule in words, and its next fire times with offset and remark",
        arguments: APITestBench.Transport.allCases)
    func preview(transport: APITestBench.Transport) async throws {
        try await APITestBench().run(transport) { client in
            let answer = try await client.post(
                path,
                [
                    "schedule": "30 2 * * *", "timezone": "Europe/Berlin", "from": "2027-03-27T12:00:00Z", "count": 2,
                ])
            #expect(answer.status == 200)
            #expect(answer.data?["description"] == "at 02:30 every day, Berlin time")
            #expect(answer.data?["schedule"] == "30 2 * * *")
            #expect(answer.data?["timezone"] == "Europe/Berlin")
            #expect(answer.data?["dst_gap"] == "run_after")
            #expect(answer.data?["dst_overlap"] == "first")
            #expect(answer.data?["from"] == "2027-03-27T12:00:00Z")
            #expect(answer.data?["never_again"] == false)
            #expect(answer.data?["tzdata"]?.string?.isEmpty == false)
            #expect(
                answer.data?["fires"] == [
                    [
                        "utc": "2027-03-28T01:00:00Z", "local": "2027-03-28T03:00:00+02:00", "offset": "+02:00",
                        "abbreviation": "CEST",
                        "remark": "02:30 does not exist: clocks go forward from 02:00 to 03:00",
                    ],
                    [
                        "utc": "2027-03-29T00:30:00Z", "local": "2027-03-29T02:30:00+02:00", "offset": "+02:00",
                        "abbreviation": "CEST", "remark": nil,
                    ],
                ])
        }
    }

    @Test("count from now by the store's clock, five in UTC, unless told otherwise")
    func defaults() async throws {
        let bench = APITestBench()
        try await bench.run(.router) { client in
            let answer = try await client.post(path, ["schedule": "0 * * * *"])
            #expect(answer.data?["from"]?.string == bench.clock.now.description)
            #expect(answer.data?["fires"]?.array?.count == 5)
            #expect(answer.data?["fires"]?.array?.first?["utc"] == "2026-11-21T02:00:00Z")
            #expect(answer.data?["timezone"] == "UTC")
        }
    }

    @Test("follow the policies of daylight saving, and the window")
    func policies() async throws {
        try await APITestBench().run(.router) { client in
            let skipped = try await client.post(
                path,
                [
                    "schedule": "30 2 28 3 *", "timezone": "Europe/Berlin", "dst_gap": "skip",
                    "from": "2027-01-01T00:00:00Z", "end_date": "2028-01-01T00:00:00Z",
                ])
            #expect(skipped.data?["fires"] == [])
            #expect(skipped.data?["never_again"] == true)
            let both = try await client.post(
                path,
                [
                    "schedule": "30 2 * * *", "timezone": "Europe/Berlin", "dst_overlap": "both", "count": 2,
                    "from": "2027-10-30T12:00:00Z",
                ])
            #expect(both.data?["fires"]?.array?.map { $0["offset"]?.string } == ["+02:00", "+01:00"])
            let started = try await client.post(
                path, ["schedule": "@every 7m", "start_date": "2027-01-01T00:00:00Z", "count": 2])
            #expect(
                started.data?["fires"]?.array?.map { $0["utc"]?.string } == [
                    "2027-01-01T00:00:00Z", "2027-01-01T00:07:00Z",
                ])
        }
    }

    @Test("name every fault of the body in one answer, in the words of a task's")
    func faults() async throws {
        try await APITestBench().run(.router) { client in
            let body: JSONValue = [
                "schedule": "75 2 * * *", "timezone": "Europe/Berln", "count": 1_001, "from": "yesterday",
                "dst_gap": "maybe", "dst_overlap": 3, "expression": "0 2 * * *",
            ]
            let answer = try await client.post(path, body)
            #expect(answer.status == 400)
            #expect(
                Set(answer.faults) == ["schedule", "timezone", "count", "from", "dst_gap", "dst_overlap", "expression"])
            let messages = answer.body["error"]?["details"]?.array?.compactMap { $0["message"]?.string } ?? []
            #expect(messages.contains("minute: \"75\" is outside 0–59"))
            #expect(messages.contains { $0.contains("did you mean Europe/Berlin?") })
            #expect(try await client.post(path, [:]).faults == ["schedule"])
            #expect(try await client.post(path, ["schedule": nil]).faults == ["schedule"])
            #expect(try await client.post(path).faults == ["body"])
            #expect(try await client.post(path + "?count=3", ["schedule": "@daily"]).faults == ["count"])
            let window: JSONValue = [
                "schedule": "@daily", "start_date": "2027-01-02T00:00:00Z", "end_date": "2027-01-01T00:00:00Z",
            ]
            #expect(try await client.post(path, window).faults == ["end_date"])
            #expect(try await client.get(path).status == 405)
        }
    }
}
