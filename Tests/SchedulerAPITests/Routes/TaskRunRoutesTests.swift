import HTTPTypes
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerAPI

@Suite("Run and worker routes")
struct TaskRunRoutesTests {
    typealias Transport = APITestBench.Transport

    @Test("a trigger answers 202 with the run, which can then be read", arguments: Transport.allCases)
    func trigger(transport: Transport) async throws {
        try await APITestBench().run(transport) { client in
            let task = try await client.createTask()
            let answer = try await client.post("/api/tasks/\(task)/trigger", ["arguments": ["x"]])
            #expect(answer.status == 202)
            #expect(answer.data?["task_id"] == .integer(task))
            #expect(answer.data?["status"] == "pending")
            #expect(answer.data?["trigger_type"] == "manual")
            #expect(answer.data?["triggered_by"] == "api")
            #expect(answer.data?["scheduled_at"] == "2026-11-21T01:00:00Z")
            let id = try #require(answer.data?["id"]?.string)
            #expect(answer.headers[.location] == "/api/task-runs/\(id)")
            #expect(try await client.get("/api/task-runs/\(id)").data == answer.data)
            #expect(try await client.post("/api/tasks/\(task)/trigger").status == 202)
        }
    }

    @Test("a run shows every documented field")
    func everyField() async throws {
        try await APITestBench().run(.router) { client in
            let task = try await client.createTask()
            let fields = try await client.post("/api/tasks/\(task)/trigger").data?.object?.keys.sorted()
            #expect(
                fields == [
                    "attempt", "cancel_requested_at", "completed_at", "cpu_time_ms", "crashes", "created_at", "due_at",
                    "duration_ms", "error_message", "error_stack", "error_type", "exit_code", "id", "interruptions",
                    "memory_peak_mb", "priority", "progress", "result", "retry_count", "scheduled_at", "started_at",
                    "status", "task_id", "task_type", "task_version", "tenant_id", "trace_context", "trigger_type",
                    "triggered_by", "updated_at", "worker_id", "workflow_id",
                ])
        }
    }

    @Test("an explanation tells why a run waits; of a run that does not exist there is none")
    func explain() async throws {
        let bench = APITestBench()
        try await bench.run(.router) { client in
            let task = try await client.createTask("capped", ["max_concurrent": 1])
            var runs: [String] = []
            for _ in 0..<2 {
                runs.append(try #require(try await client.post("/api/tasks/\(task)/trigger").data?["id"]?.string))
            }
            let alone = try await client.get("/api/task-runs/\(runs[0])/explain")
            #expect(alone.status == 200)
            #expect(alone.data?["reasons"]?.array?.map { $0["code"] } == ["no_worker"])
            #expect(alone.data?["reasons"]?.array?.first?["message"] == "no live worker takes type shell")

            let data = TestDataFactory(store: bench.store, clock: bench.clock)
            _ = try await data.worker("shell")
            let picked = try #require(try await bench.store.runs.pick(limit: 5).runs.first).attempt.run.description
            let waiting = try #require(runs.first { $0 != picked })
            let held = try await client.get("/api/task-runs/\(waiting)/explain").data
            #expect(held?["run_id"] == .string(waiting))
            let run = try await client.get("/api/task-runs/\(waiting)").data
            #expect(held?["workflow_id"] != nil && held?["workflow_id"] == run?["workflow_id"])
            #expect(held?["status"] == "pending")
            #expect(held?["effective_priority"] == "normal")
            let reason = try #require(held?["reasons"]?.array?.first)
            #expect(reason["code"] == "task_limit")
            #expect(reason["message"] == "limit 1/1: its task's max_concurrent is used up")
            #expect(reason["used"] == 1 && reason["limit"] == 1)
            #expect(reason["runs"] == .array([.string(picked)]))
            let offered = try await client.get("/api/task-runs/\(picked)/explain").data
            #expect(offered?["reasons"]?.array?.map { $0["code"] } == ["dispatched"])

            #expect(try await client.get("/api/task-runs/\(RunID.next(at: bench.clock.now))/explain").status == 404)
            #expect(try await client.get("/api/task-runs/\(waiting)/explain?why=1").status == 400)
        }
    }

    @Test("a cancel answers with the run and what it came to; asking twice is fine")
    func cancel() async throws {
        let bench = APITestBench()
        try await bench.run(.router) { client in
            let task = try await client.createTask()
            let path = "/api/task-runs/\(try #require(try await client.trigger(task)))"
            let first = try await client.post("\(path)/cancel", ["reason": "not needed"])
            #expect(first.status == 200)
            #expect(first.data?["cancellation"] == "ended")
            #expect(first.data?["run"]?["status"] == "cancelled")
            #expect(first.data?["run"]?["error_message"] == "not needed")
            let second = try await client.post("\(path)/cancel")
            #expect(second.status == 200)
            #expect(second.data?["cancellation"] == "already_ended")
            #expect(try await client.get(path).data == first.data?["run"])
        }
    }

    @Test("a cancel of a running run is a request; once it has completed it is a conflict")
    func cancelRunning() async throws {
        let bench = APITestBench()
        let data = TestDataFactory(store: bench.store, clock: bench.clock)
        try await bench.run(.router) { client in
            let worker = try await data.worker("shell")
            let task = try await client.createTask()
            let path = "/api/task-runs/\(try #require(try await client.trigger(task)))/cancel"
            let attempt = try await data.start(on: worker)[0].attempt
            let answer = try await client.post(path)
            #expect(answer.data?["cancellation"] == "requested")
            #expect(answer.data?["run"]?["status"] == "running")
            #expect(answer.data?["run"]?["cancel_requested_at"] == "2026-11-21T01:00:00Z")
            _ = try await bench.store.runs.settle([data.outcome(.success, of: attempt, on: worker)])
            let late = try await client.post(path)
            #expect(late.status == 409)
            #expect(late.body["error"]?["message"]?.string?.contains("completed") == true)
        }
    }

    @Test("a cancel of what does not exist is 404, and its body is looked at")
    func cancelRefused() async throws {
        try await APITestBench().run(.router) { client in
            let unknown = "/api/task-runs/00000000-0000-7000-8000-000000000000/cancel"
            let missing = try await client.post(unknown)
            #expect(missing.status == 404)
            #expect(try await client.post("/api/workflows/00000000-0000-7000-8000-000000000000/cancel").status == 404)
            #expect(try await client.post("/api/task-runs/1/cancel").status == 400)
            #expect(try await client.post(unknown, ["why": "x"]).faults == ["why"])
            #expect(try await client.post(unknown, ["reason": ""]).faults == ["reason"])
            #expect(try await client.get(unknown).status == 405)
        }
    }

    @Test("a workflow is cancelled with one call that counts its runs")
    func cancelWorkflow() async throws {
        try await APITestBench().run(.router) { client in
            let task = try await client.createTask()
            _ = try await client.createTask("after", ["dependencies": [["task_id": .integer(task)]]])
            let run = try #require(try await client.trigger(task))
            let answer = try await client.post("/api/workflows/\(run)/cancel")
            #expect(answer.data == ["id": .string(run), "ended": 1, "requested": 0])
            #expect(try await client.post("/api/workflows/\(run)/cancel").data?["ended"] == 0)
        }
    }

    @Test("a draft cannot be triggered")
    func draft() async throws {
        try await APITestBench().run(.router) { client in
            let draft = try await client.createTask("draft", ["status": "created"])
            let answer = try await client.post("/api/tasks/\(draft)/trigger")
            #expect(answer.status == 409)
            #expect(answer.errorCode == "CONFLICT")
        }
    }

    @Test("a batch of a thousand is taken at once and answers in order", arguments: Transport.allCases)
    func batch(transport: Transport) async throws {
        try await APITestBench().run(transport) { client in
            let first = try await client.createTask("a")
            let second = try await client.createTask("b")
            let entries = (0..<1_000).map { ["task_id": .integer($0 % 2 == 0 ? first : second)] as JSONValue }
            let answer = try await client.post("/api/task-runs/batch", ["runs": .array(entries)])
            #expect(answer.status == 202)
            let runs = answer.data?.array ?? []
            #expect(runs.map { $0["task_id"] } == entries.map { $0["task_id"] })
            #expect(Set(runs.compactMap { $0["id"]?.string }).count == 1_000)
            #expect(runs.allSatisfy { $0["status"] == "pending" })
            #expect(try await client.get("/api/tasks/\(first)").data?["execution_count"] == 500)
        }
    }

    @Test("a bare list is a batch too")
    func bareList() async throws {
        try await APITestBench().run(.router) { client in
            let task = try await client.createTask()
            let answer = try await client.post("/api/task-runs/batch", [["task_id": .integer(task)]])
            #expect(answer.status == 202)
            #expect(answer.data?.array?.count == 1)
        }
    }

    @Test("a batch that cannot be processed as a whole is 422 and makes no run", arguments: Transport.allCases)
    func unprocessableBatch(transport: Transport) async throws {
        try await APITestBench().run(transport) { client in
            let task = try await client.createTask()
            let missing = try await client.post("/api/task-runs/batch", [["task_id": .integer(task)], ["task_id": 77]])
            #expect(missing.status == 422)
            #expect(missing.errorCode == "UNPROCESSABLE")
            #expect(missing.faults == ["runs.1.task_id"])
            #expect(try await client.post("/api/task-runs/batch", ["runs": []]).status == 422)
            let entry: JSONValue = ["task_id": .integer(task)]
            let tooMany = JSONValue.array(Array(repeating: entry, count: 1_001))
            #expect(try await client.post("/api/task-runs/batch", tooMany).status == 422)
            #expect(try await client.get("/api/task-runs").data == [])
        }
    }

    @Test("faults of a batch's entries are 400 with their places")
    func invalidBatch() async throws {
        try await APITestBench().run(.router) { client in
            let answer = try await client.post("/api/task-runs/batch", [["task_id": 1], ["task": 1]])
            #expect(answer.status == 400)
            #expect(answer.faults == ["runs.1.task_id", "runs.1.task"])
        }
    }

    @Test("runs page to the end, filtered by task and status", arguments: Transport.allCases)
    func paging(transport: Transport) async throws {
        try await APITestBench().run(transport) { client in
            let first = try await client.createTask("a")
            let second = try await client.createTask("b")
            let entries = (0..<30).map { ["task_id": .integer($0 % 3 == 0 ? second : first)] as JSONValue }
            _ = try await client.post("/api/task-runs/batch", .array(entries))
            for (path, count) in [
                ("/api/task-runs?", 30), ("/api/task-runs?task_id=\(first)&", 20), ("/api/tasks/\(second)/runs?", 10),
                ("/api/task-runs?status=pending&", 30), ("/api/task-runs?status=failed&", 0),
            ] {
                let ids = try await allIDs(client, path)
                #expect(ids.count == count, "\(path)")
                #expect(Set(ids).count == count)
                #expect(ids == ids.sorted(by: >))
            }
            #expect(try await client.get("/api/tasks/\(first)/runs?task_id=1").faults == ["task_id"])
            #expect(try await client.get("/api/task-runs?task_id=x&status=y").faults == ["task_id", "status"])
        }
    }

    private func allIDs(_ client: APITestClient, _ path: String) async throws -> [String] {
        var ids: [String] = []
        var cursor = ""
        while true {
            let answer = try await client.get("\(path)limit=7\(cursor)")
            ids += answer.data?.array?.compactMap { $0["id"]?.string } ?? []
            guard let next = answer.body["page"]?["next_cursor"]?.string else { return ids }
            cursor = "&cursor=\(next)"
        }
    }

    @Test("a run's identifier that is none is 400, one that names nothing is 404")
    func identifiers() async throws {
        try await APITestBench().run(.router) { client in
            let malformed = try await client.get("/api/task-runs/7")
            #expect(malformed.status == 400)
            #expect(try await client.get("/api/task-runs/01935000-0000-7000-8000-000000000001").status == 404)
        }
    }

    @Test("workers are listed with their documented fields, filtered by status")
    func workers() async throws {
        let bench = APITestBench()
        let online = WorkerInfo(
            id: .fresh(at: bench.clock.now), name: "w", hostname: "h", taskTypes: ["shell"], maxConcurrentTasks: 4,
            lastHeartbeat: bench.clock.now, registeredAt: bench.clock.now, labels: ["zone": "a"])
        let gone = WorkerInfo(
            id: .fresh(at: bench.clock.now), name: "gone", hostname: "h", taskTypes: ["shell"], maxConcurrentTasks: 4,
            lastHeartbeat: bench.clock.now, registeredAt: bench.clock.now)
        try await bench.store.workers.register(online)
        try await bench.store.workers.register(gone)
        try await bench.store.workers.leave(gone.id)
        try await bench.run(.router) { client in
            let all = try await client.get("/api/workers")
            #expect(all.status == 200)
            #expect(all.data?.array?.count == 2)
            #expect(all.body["page"]?["next_cursor"] == .some(.null))
            let offline = try await client.get("/api/workers?status=offline").data?.array ?? []
            #expect(offline.map { $0["id"] } == [.string(gone.id.description)])
            let worker = try #require(try await client.get("/api/workers?status=online").data?.array?.first)
            #expect(
                worker.object?.keys.sorted() == [
                    "current_task_count", "drain_requested_at", "executors", "hostname", "id", "ip_address", "labels",
                    "last_heartbeat",
                    "max_concurrent_tasks", "name", "port", "registered_at", "status", "task_types", "version",
                ])
            #expect(worker["task_types"] == ["shell"])
            #expect(try await client.get("/api/workers?limit=1").data?.array?.count == 1)
            #expect(try await client.get("/api/workers?status=x").status == 400)
        }
    }
}
