import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerAPI

@Suite("Dependencies and workflows")
struct DependencyTests {
    @Test("dependencies are created as ids or objects, shown as objects, and replaced as a whole")
    func dependencies() async throws {
        try await APITestBench().run(.router) { client in
            _ = try await client.createTask("a")
            _ = try await client.createTask("b")
            let created = try await client.post(
                "/api/tasks",
                [
                    "name": "c", "executor": "shell", "command": "date", "schedule": "0 0 2 * * *",
                    "dependencies": [1, ["task_id": "2", "condition": "on_failure"]],
                ])
            #expect(created.status == 201)
            #expect(
                created.data?["dependencies"] == [
                    ["task_id": 1, "condition": "on_success"], ["task_id": 2, "condition": "on_failure"],
                ])
            #expect(created.data?["next_run_at"]?.string != nil, "a schedule and dependencies go together")
            #expect(try await client.get("/api/tasks/3").data == created.data)
            let replaced = try await client.put("/api/tasks/3", ["dependencies": [2]])
            #expect(replaced.data?["dependencies"] == [["task_id": 2, "condition": "on_success"]])
            #expect(try await client.put("/api/tasks/3", ["dependencies": nil]).data?["dependencies"] == [])
        }
    }

    @Test("unknown upstreams and cycles are refused with what is wrong")
    func refusals() async throws {
        try await APITestBench().run(.router) { client in
            _ = try await client.createTask("nightly")
            _ = try await client.createTask("report", ["dependencies": [1]])
            let unknown = try await client.post(
                "/api/tasks", ["name": "x", "executor": "shell", "command": "date", "dependencies": [7]])
            #expect(unknown.status == 400 && unknown.faults == ["dependencies.0.task_id"])
            let cycle = try await client.put("/api/tasks/1", ["dependencies": [2]])
            #expect(cycle.status == 400 && cycle.faults == ["dependencies"])
            #expect(
                cycle.body["error"]?["details"]?.array?.first?["message"]
                    == "would close a cycle: nightly (1) → report (2) → nightly (1)")
        }
    }

    @Test("a task that others depend on is deleted only with ?cascade=true, which names what went")
    func deletion() async throws {
        try await APITestBench().run(.router) { client in
            _ = try await client.createTask("a")
            _ = try await client.createTask("b", ["dependencies": [1]])
            _ = try await client.createTask("c", ["dependencies": [2]])
            let refused = try await client.delete("/api/tasks/1")
            #expect(refused.status == 409 && refused.errorCode == "CONFLICT")
            #expect(refused.body["error"]?["message"]?.string?.contains("b (2) depends on it") == true)
            #expect(try await client.delete("/api/tasks/1?cascade=maybe").faults == ["cascade"])
            #expect(try await client.delete("/api/tasks/3").data?["deleted_ids"] == [3])
            let deleted = try await client.delete("/api/tasks/1?cascade=true")
            #expect(deleted.data == ["id": 1, "deleted": true, "deleted_ids": [1, 2]])
            #expect(try await client.get("/api/tasks").body["data"] == [])
        }
    }

    @Test("a workflow shows its runs, the tasks that wait, edges, state and times")
    func workflow() async throws {
        let bench = APITestBench()
        try await bench.run(.router) { client in
            _ = try await client.createTask("a", ["executor": "function", "command": "noop"])
            _ = try await client.createTask("b", ["dependencies": [1]])
            let run = try await client.post("/api/tasks/1/trigger").data
            let id = try #require(run?["id"]?.string)
            #expect(run?["workflow_id"]?.string == id)
            let waiting = try await client.get("/api/workflows/\(id)")
            #expect(waiting.status == 200)
            #expect(waiting.data?["id"]?.string == id && waiting.data?["state"] == "running")
            #expect(waiting.data?["truncated"] == false && waiting.data?["completed_at"] == .null)
            #expect(waiting.data?["nodes"]?.array?.map { $0["state"] } == ["pending", "waiting"])
            #expect(waiting.data?["nodes"]?.array?.last?["missing"] == [1])
            #expect(
                waiting.data?["edges"] == [
                    [
                        "from_task_id": 1, "from_run_id": .string(id), "to_task_id": 2, "to_run_id": nil,
                        "condition": "on_success", "fulfilled": nil,
                    ]
                ])

            bench.clock.advance(by: .seconds(1))
            let data = TestDataFactory(store: bench.store, clock: bench.clock)
            let worker = try await data.worker()
            let attempt = try #require(try await data.start(on: worker).first).attempt
            _ = try await bench.store.runs.settle([
                data.outcome(.failure(.validation), of: attempt, on: worker, errorMessage: "no")
            ])
            let over = try await client.get("/api/workflows/\(id)").data
            #expect(over?["state"] == "failed" && over?["completed_at"] == "2026-11-21T01:00:01Z")
            let nodes = try #require(over?["nodes"]?.array)
            #expect(nodes.map { $0["task_name"] } == ["a", "b"])
            #expect(nodes.map { $0["state"] } == ["failed", "skipped"])
            #expect(nodes[1]["error_message"]?.string?.hasPrefix("task \"a\" (1) failed in run \(id)") == true)
            #expect(over?["edges"]?.array?.first?["to_run_id"] == nodes[1]["run_id"])
            #expect(over?["edges"]?.array?.first?["fulfilled"] == false)
        }
    }

    @Test("an unknown workflow is 404, one that cannot be is 400")
    func noWorkflow() async throws {
        try await APITestBench().run(.router) { client in
            let path = "/api/workflows/\(RunID.next(at: VirtualClock.start))"
            let unknown = try await client.get(path)
            #expect(unknown.status == 404 && unknown.errorCode == "NOT_FOUND")
            let wrong = try await client.get("/api/workflows/7")
            #expect(wrong.status == 400 && wrong.faults == ["id"])
            let posted = try await client.post(path)
            #expect(posted.status == 405)
        }
    }
}
