import HTTPTypes
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerAPI

@Suite("Task routes")
struct TaskRoutesTests {
    typealias Transport = APITestBench.Transport

    @Test("a task is created, read, replaced and deleted", arguments: Transport.allCases)
    func lifeOfATask(transport: Transport) async throws {
        let bench = APITestBench()
        try await bench.run(transport) { client in
            let created = try await client.post(
                "/api/tasks",
                [
                    "name": "nightly", "executor": "shell", "command": "pg_dump", "schedule": "0 0 2 * * *",
                    "timezone": "Europe/Berlin", "priority": "high", "retry_policy": ["max_retries": 1],
                ])
            #expect(created.status == 201)
            #expect(created.headers[.location] == "/api/tasks/1")
            #expect(created.body["success"] == true)
            #expect(created.body["timestamp"] == "2026-11-21T01:00:00Z")
            #expect(created.data?["id"] == 1)
            #expect(created.data?["status"] == "active")
            #expect(created.data?["next_run_at"] == "2026-11-22T01:00:00Z")
            #expect(created.data?["retry_policy"]?["max_retries"] == 1)
            #expect(created.data?["retry_policy"]?["delay_ms"] == 5_000)
            #expect(created.data?["created_by"] == "api")
            #expect(created.data?["description"] == .some(.null))

            let read = try await client.get("/api/tasks/1")
            #expect(read.status == 200)
            #expect(read.data == created.data)

            let replaced = try await client.put("/api/tasks/1", ["schedule": nil, "command": "true"])
            #expect(replaced.status == 200)
            #expect(replaced.data?["schedule"] == .some(.null))
            #expect(replaced.data?["next_run_at"] == .some(.null))
            #expect(replaced.data?["command"] == "true")
            #expect(replaced.data?["priority"] == "high")
            #expect(replaced.data?["version"] == 2)

            let deleted = try await client.delete("/api/tasks/1")
            #expect(deleted.status == 200)
            #expect(deleted.data == ["id": 1, "deleted": true, "deleted_ids": [1]])
            #expect(try await client.get("/api/tasks/1").status == 404)
            #expect(try await client.delete("/api/tasks/1").errorCode == "NOT_FOUND")
        }
    }

    @Test("a task shows every documented field")
    func everyField() async throws {
        try await APITestBench().run(.router) { client in
            _ = try await client.createTask()
            let fields = try await client.get("/api/tasks/1").data?.object?.keys.sorted()
            #expect(
                fields == [
                    "arguments", "command", "concurrency_key", "config", "created_at", "created_by", "dependencies",
                    "description", "dst_gap", "dst_overlap", "end_date", "environment", "execution_count", "executor",
                    "id", "jitter_seconds", "last_run_at", "limits", "max_concurrent", "max_executions", "metadata",
                    "misfire_limit", "misfire_policy", "misfire_window_seconds", "name", "next_run_at",
                    "overlap_policy", "paused_at", "priority", "retry_policy", "schedule", "start_date", "status",
                    "tags", "task_type", "tenant_id", "timeout_seconds", "timezone", "updated_at", "version",
                    "working_directory",
                ])
        }
    }

    @Test("all faults of a body come in one answer", arguments: Transport.allCases)
    func allFaults(transport: Transport) async throws {
        try await APITestBench().run(transport) { client in
            let answer = try await client.post(
                "/api/tasks",
                ["schedule": "99 * * * *", "executor": "shell", "colour": "red", "retry_policy": ["delay_ms": -1]])
            #expect(answer.status == 400)
            #expect(answer.body["success"] == false)
            #expect(answer.errorCode == "VALIDATION_ERROR")
            #expect(answer.faults == ["name", "schedule", "retry_policy.delay_ms", "command", "colour"])
            #expect(answer.body["timestamp"] == "2026-11-21T01:00:00Z")
        }
    }

    @Test("NUL is refused with 400 by name", arguments: Transport.allCases)
    func nul(transport: Transport) async throws {
        try await APITestBench().run(transport) { client in
            let text = #"{"name":"a\u0000","executor":"shell","command":"x\u0000","metadata":{"\u0000":1}}"#
            let answer = try await client.send(.post, "/api/tasks", text: text)
            #expect(answer.status == 400)
            #expect(answer.faults == ["name", "command", "metadata"])
        }
    }

    @Test("a taken name is a conflict")
    func takenName() async throws {
        try await APITestBench().run(.router) { client in
            _ = try await client.createTask("a")
            _ = try await client.createTask("b")
            let again = try await client.post("/api/tasks", ["name": "a", "executor": "shell", "command": "x"])
            #expect(again.status == 409)
            #expect(again.errorCode == "ALREADY_EXISTS")
            #expect(try await client.put("/api/tasks/2", ["name": "a"]).status == 409)
        }
    }

    @Test("pausing and resuming clear and compute the next fire time")
    func pauseAndResume() async throws {
        let bench = APITestBench()
        try await bench.run(.router) { client in
            let id = try await client.createTask("a", ["schedule": "* * * * *"])
            let paused = try await client.post("/api/tasks/\(id)/pause")
            #expect(paused.status == 200)
            #expect(paused.data?["status"] == "paused")
            #expect(paused.data?["next_run_at"] == .some(.null))
            bench.clock.advance(by: .seconds(90))
            let resumed = try await client.post("/api/tasks/\(id)/resume", [:])
            #expect(resumed.data?["status"] == "active")
            #expect(resumed.data?["next_run_at"] == "2026-11-21T01:02:00Z")
            #expect(try await client.post("/api/tasks/\(id)/pause", ["x": 1]).faults == ["x"])
            let draft = try await client.createTask("b", ["status": "created"])
            #expect(try await client.post("/api/tasks/\(draft)/pause").status == 409)
        }
    }

    @Test("lists page to the end without gap or repetition", arguments: Transport.allCases)
    func paging(transport: Transport) async throws {
        try await APITestBench().run(transport) { client in
            for number in 1...7 { _ = try await client.createTask("t\(number)") }
            _ = try await client.post("/api/tasks/4/pause")
            var seen: [Int64] = []
            var path = "/api/tasks?limit=3"
            while true {
                let answer = try await client.get(path)
                #expect(answer.status == 200)
                seen += answer.data?.array?.compactMap { $0["id"]?.integer } ?? []
                guard let cursor = answer.body["page"]?["next_cursor"]?.string else { break }
                path = "/api/tasks?limit=3&cursor=\(cursor)"
            }
            #expect(seen == [7, 6, 5, 4, 3, 2, 1])
            let paused = try await client.get("/api/tasks?status=paused")
            #expect(paused.data?.array?.map { $0["id"] } == [4])
            #expect(paused.body["page"]?["next_cursor"] == .some(.null))
        }
    }

    @Test(
        "a query that cannot be read is refused with its parameter",
        arguments: [
            ("limit=0", "limit"), ("limit=501", "limit"), ("limit=x", "limit"), ("limit=%2B5", "limit"),
            ("cursor=AAAA", "cursor"), ("cursor=", "cursor"), ("status=gone", "status"), ("colour=red", "colour"),
            ("limit=1&limit=2", "limit"), ("limit=%zz", "limit"), ("validate", "validate"),
        ])
    func badQueries(query: String, field: String) async throws {
        try await APITestBench().run(.router) { client in
            let answer = try await client.get("/api/tasks?\(query)")
            #expect(answer.status == 400)
            #expect(answer.faults == [field])
        }
    }

    @Test("a cursor of another list is refused")
    func foreignCursor() async throws {
        try await APITestBench().run(.router) { client in
            for number in 1...2 { _ = try await client.createTask("t\(number)") }
            let cursor = try await client.get("/api/tasks?limit=1").body["page"]?["next_cursor"]?.string ?? ""
            #expect(try await client.get("/api/task-runs?cursor=\(cursor)").faults == ["cursor"])
        }
    }

    @Test("routes that take no query refuse one, so that nobody believes in a dry run")
    func unknownQueryOnCreate() async throws {
        try await APITestBench().run(.router) { client in
            let answer = try await client.post(
                "/api/tasks?validate=true", ["name": "a", "executor": "shell", "command": "x"])
            #expect(answer.faults == ["validate"])
            #expect(try await client.get("/api/tasks").data == [])
        }
    }

    @Test("an identifier that is none is 400, one that names nothing is 404")
    func identifiers() async throws {
        try await APITestBench().run(.router) { client in
            for path in ["/api/tasks/abc", "/api/tasks/-1", "/api/tasks/1.5", "/api/tasks/99999999999999999999"] {
                #expect(try await client.get(path).status == 400, "\(path)")
            }
            for path in ["/api/tasks/1", "/api/tasks/0", "/api/tasks/1/runs", "/api/tasks/9223372036854775807"] {
                #expect(try await client.get(path).status == 404, "\(path)")
            }
            let replaced = try await client.put("/api/tasks/7", ["name": "x"])
            #expect(replaced.status == 404)
            for act in ["pause", "resume", "trigger"] {
                #expect(try await client.post("/api/tasks/7/\(act)").status == 404)
            }
        }
    }
}
