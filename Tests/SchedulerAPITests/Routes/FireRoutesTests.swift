import HTTPTypes
import SchedulerApplication
import SchedulerDomain
import SchedulerTestingUtils
import Testing

@Suite("Routes of fire times")
struct FireRoutesTests {
    private let bench = APITestBench()
    private let schedule: [String: JSONValue] = ["schedule": "0 0 * * * *"]

    @Test("fires are listed with their fields, page by page")
    func fires() async throws {
        try await bench.run(.router) { client in
            let id = try await client.createTask("tick", schedule)
            let path = "/api/tasks/\(id)/fires"
            let answer = try await client.get(path + "?from=2026-11-21T00:00:00Z&to=2026-11-21T04:00:00Z&limit=1")
            #expect(answer.status == 200)
            let item = answer.data?.array?.first
            #expect(item?["state"] == "expected" && item?["scheduled_at"] == "2026-11-21T02:00:00Z")
            #expect(item?["run_id"] == .null && item?["reason"] == .null && item?["count"] == 1)
            let cursor = try #require(answer.body["page"]?["next_cursor"]?.string)
            let next = try await client.get(
                path + "?from=2026-11-21T00:00:00Z&to=2026-11-21T04:00:00Z&cursor=\(cursor)")
            #expect(next.data?.array?.map { $0["scheduled_at"] } == ["2026-11-21T03:00:00Z"])
            #expect(next.body["page"]?["next_cursor"] == .null)
            #expect(try await client.get(path).data?.array?.count == 23)
        }
    }

    @Test("what cannot be read in the query is named, and a missing task is not found")
    func firesRefused() async throws {
        try await bench.run(.router) { client in
            let id = try await client.createTask("tick", schedule)
            let answer = try await client.get("/api/tasks/\(id)/fires?from=x&to=1&limit=0&zone=UTC")
            #expect(answer.status == 400)
            #expect(Set(answer.faults) == ["from", "to", "limit", "zone"])
            let cursor = PageCursor.task(TaskID(1)).text
            #expect(try await client.get("/api/tasks/\(id)/fires?cursor=\(cursor)").faults == ["cursor"])
            let foreign = PageCursor.fire(bench.clock.now).text
            #expect(try await client.get("/api/tasks?cursor=\(foreign)").faults == ["cursor"])
            #expect(try await client.get("/api/task-runs?cursor=\(foreign)").faults == ["cursor"])
            #expect(try await client.get("/api/tasks/99/fires").status == 404)
            #expect(try await client.post("/api/tasks/\(id)/fires").status == 405)
        }
    }

    @Test("a backfill is made, shown, and cancelled")
    func backfill() async throws {
        try await bench.run(.router) { client in
            let id = try await client.createTask("tick", schedule)
            let range: JSONValue = ["from": "2026-11-20T20:00:00Z", "to": "2026-11-21T00:30:00Z", "limit": 3]
            let made = try await client.post("/api/tasks/\(id)/backfill", range)
            #expect(made.status == 202)
            #expect(made.data?["runs_created"] == 3 && made.data?["fire_times_left_out"] == 0)
            #expect(made.data?["remaining_from"] == "2026-11-20T23:00:00Z")
            #expect(made.data?["state"] == "running" && made.data?["runs"]?["pending"] == 3)
            let backfill = try #require(made.data?["id"]?.string)
            let path = "/api/tasks/\(id)/backfill/\(backfill)"
            #expect(made.headers[.location] == path)
            #expect(try await client.get(path).data == made.data)
            let cancelled = try await client.post(path + "/cancel")
            #expect(cancelled.status == 200)
            #expect(cancelled.data?["state"] == "cancelled" && cancelled.data?["runs"]?["cancelled"] == 3)
            let runs = try await client.get("/api/tasks/\(id)/runs").data?.array
            #expect(runs?.compactMap { $0["workflow_id"]?.string } == [backfill, backfill, backfill])
            #expect(runs?.first?["trigger_type"] == "backfill")
        }
    }

    @Test("a backfill that cannot be is refused with its reason")
    func backfillRefused() async throws {
        try await bench.run(.router) { client in
            let id = try await client.createTask("tick", schedule)
            let byHand = try await client.createTask("by hand")
            let past: JSONValue = ["from": "2026-11-20T20:00:00Z", "to": "2026-11-21T00:30:00Z"]
            #expect(try await client.post("/api/tasks/\(byHand)/backfill", past).status == 409)
            #expect(try await client.post("/api/tasks/99/backfill", past).status == 404)
            let ahead: JSONValue = ["from": "2026-11-20T20:00:00Z", "to": "2027-01-01T00:00:00Z"]
            let answer = try await client.post("/api/tasks/\(id)/backfill", ahead)
            #expect(answer.status == 400 && answer.faults == ["to"])
            #expect(try await client.post("/api/tasks/\(id)/backfill").status == 400)
            #expect(try await client.get("/api/tasks/\(id)/backfill/7").faults == ["backfill_id"])
            let unknown = "019a0000-0000-7000-8000-000000000000"
            #expect(try await client.get("/api/tasks/\(id)/backfill/\(unknown)").status == 404)
            #expect(try await client.post("/api/tasks/\(id)/backfill/\(unknown)/cancel").status == 404)
        }
    }

    @Test("a trigger may name a time or a delay")
    func oneShot() async throws {
        try await bench.run(.router) { client in
            let id = try await client.createTask()
            let at = try await client.post("/api/tasks/\(id)/trigger", ["run_at": "2026-12-24T18:00:00Z"])
            #expect(at.status == 202 && at.data?["scheduled_at"] == "2026-12-24T18:00:00Z")
            #expect(at.data?["due_at"] == "2026-12-24T18:00:00Z" && at.data?["trigger_type"] == "manual")
            let later = try await client.post("/api/tasks/\(id)/trigger", ["delay_seconds": 60, "priority": "high"])
            #expect(later.data?["due_at"] == "2026-11-21T01:01:00Z" && later.data?["priority"] == "high")
            let both = try await client.post(
                "/api/tasks/\(id)/trigger", ["delay_seconds": 60, "run_at": "2026-12-24T18:00:00Z"])
            #expect(both.status == 400 && both.faults == ["delay_seconds"])
        }
    }
}
