import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerAPI

@Suite("Routes of logs and attempts")
struct RunLogRoutesTests {
    @Test("a log is read page by page, until nothing more is to come", arguments: APITestBench.Transport.allCases)
    func pages(transport: APITestBench.Transport) async throws {
        let bench = APITestBench()
        let log = try await LogBench(bench)
        let attempt = try await log.started()
        try await log.say(["one", "two \"ü\"", "three"], in: attempt)
        try await bench.run(transport) { client in
            let path = "/api/task-runs/\(attempt.run)/logs"
            let first = try await client.get("\(path)?limit=2")
            #expect(first.status == 200)
            #expect(first.data?["run_id"] == .string(attempt.run.description))
            #expect(first.data?["attempt"] == 1 && first.data?["status"] == "running")
            #expect(first.data?["lines"]?.array?.map { $0["number"] } == [1, 2])
            #expect(
                first.data?["lines"]?.array?.last
                    == ["number": 2, "time": "2026-11-21T01:00:00Z", "stream": "stdout", "text": "two \"ü\""])
            #expect(first.data?["next"] == 2)
            let second = try await client.get("\(path)?limit=2&after=2")
            #expect(second.data?["lines"]?.array?.map { $0["text"] } == ["three"])
            // The attempt goes on, so more may come.
            let third = try await client.get("\(path)?after=3&attempt=1")
            #expect(third.data?["lines"] == [] && third.data?["next"] == 3)
            try await log.end(attempt)
            let last = try await client.get("\(path)?after=3")
            #expect(last.data?["lines"] == [] && last.data?["next"] == JSONValue.null)
            #expect(last.data?["status"] == "completed")
        }
    }

    @Test("what a worker says of an attempt that was taken back and started again is shown with it, and counted")
    func lateReports() async throws {
        let bench = APITestBench()
        let log = try await LogBench(bench)
        let first = try await log.started()
        _ = try await bench.store.recoverAfterRestart()
        let data = TestDataFactory(store: bench.store, clock: bench.clock)
        _ = try await data.start(on: try await data.worker())
        bench.clock.advance(by: .seconds(5))
        try await log.end(first)
        try await bench.run(.router) { client in
            let attempts = try await client.get("/api/task-runs/\(first.run)/attempts").data?.array
            #expect(attempts?.map { $0["ending"] } == ["crash", .null])
            #expect(
                attempts?.first?["late_report"]
                    == [
                        "ending": "success", "worker": .string(log.worker.id.description),
                        "ended_at": "2026-11-21T01:00:05Z", "reported_at": "2026-11-21T01:00:05Z",
                        "error_message": .null,
                    ])
            #expect(attempts?.last?["late_report"] == nil)
            #expect(try await client.get("/api/system/stats").data?["late_reports"] == 1)
            #expect(try await client.get("/api/system/stats?x=1").status == 400)
        }
    }

    @Test("dead letters are shown newest first, page by page, and counted")
    func deadLetters() async throws {
        let bench = APITestBench()
        for number in 1...3 {
            let letter = ParkedLetter(queue: "status", reason: "malformed", body: [0x30 + UInt8(number)])
            _ = try await bench.store.deadLetters.add([letter, letter])
        }
        try await bench.run(.router) { client in
            let path = "/api/system/dead-letters"
            let first = try await client.get("\(path)?limit=2")
            #expect(first.data?.array?.map { $0["body"] } == ["3", "2"])
            #expect(
                first.data?.array?.first
                    == [
                        "id": 3, "tenant_id": .null, "run_id": .null, "queue": "status", "reason": "malformed",
                        "body": "3", "body_bytes": 1, "created_at": "2026-11-21T01:00:00Z",
                    ])
            let cursor = try #require(first.body["page"]?["next_cursor"]?.string)
            let second = try await client.get("\(path)?cursor=\(cursor)")
            #expect(second.data?.array?.map { $0["body"] } == ["1"])
            #expect(second.body["page"]?["next_cursor"] == JSONValue.null)
            #expect(try await client.get("/api/system/stats").data?["dead_letters"] == 3)
            #expect(try await client.get("/api/task-runs?cursor=\(cursor)").status == 400)
            #expect(try await client.get("\(path)?x=1").status == 400)
        }
    }

    @Test("without an attempt named it is the latest that started; others stay readable")
    func attempts() async throws {
        let bench = APITestBench()
        let log = try await LogBench(bench)
        let first = try await log.started()
        try await log.say(["first"], in: first)
        try await log.end(first, .failure(.network), message: "refused")
        try await bench.run(.router) { client in
            let path = "/api/task-runs/\(first.run)"
            #expect(try await client.get("\(path)/logs").data?["lines"]?.array?.map { $0["text"] } == ["first"])
            let second = try await log.next()
            try await log.say(["second"], in: second)
            let latest = try await client.get("\(path)/logs").data
            #expect(latest?["attempt"] == 2)
            #expect(latest?["lines"]?.array?.map { $0["text"] } == ["second"])
            let older = try await client.get("\(path)/logs?attempt=1").data
            #expect(older?["lines"]?.array?.map { $0["text"] } == ["first"] && older?["next"] == 1)
            #expect(try await client.get("\(path)/logs?attempt=1&after=1").data?["next"] == JSONValue.null)
            #expect(try await client.get("\(path)/logs?attempt=3").status == 404)

            let running = try await client.get("\(path)/attempts").data?.array
            #expect(running?.map { $0["number"] } == [1, 2])
            #expect(running?.map { $0["ending"] } == ["failure", .null])
            try await log.end(second)
            let ended = try await client.get("\(path)/attempts").data?.array
            let worker = JSONValue.string(log.worker.id.description)
            let time: JSONValue = "2026-11-21T01:00:00Z"
            #expect(
                ended == [
                    [
                        "number": 1, "ending": "failure", "worker": worker, "started_at": time, "ended_at": time,
                        "exit_code": 3, "error_type": "NETWORK_ERROR", "error_message": "refused",
                    ],
                    [
                        "number": 2, "ending": "success", "worker": worker, "started_at": time, "ended_at": time,
                        "exit_code": 0, "error_type": nil, "error_message": nil,
                    ],
                ])
        }
    }

    @Test("a failed run's last attempt is told once")
    func tellsOnce() async throws {
        let bench = APITestBench()
        let log = try await LogBench(bench)
        let attempt = try await log.started()
        try await log.end(attempt, .failure(.user), message: "no")
        try await bench.run(.router) { client in
            let attempts = try await client.get("/api/task-runs/\(attempt.run)/attempts").data?.array
            #expect(attempts?.map { $0["ending"] } == ["failure"])
        }
    }

    @Test("a run that has not started has an empty log and no attempts")
    func notStarted() async throws {
        let bench = APITestBench()
        let data = TestDataFactory(store: bench.store, clock: bench.clock)
        let run = try await data.runs(1, of: data.task())[0]
        try await bench.run(.router) { client in
            let log = try await client.get("/api/task-runs/\(run.id)/logs").data
            #expect(log?["attempt"] == 0 && log?["lines"] == [] && log?["next"] == 0)
            #expect(try await client.get("/api/task-runs/\(run.id)/attempts").data == [])
        }
    }

    @Test("the log and the attempts of an unknown run, or of another tenant's, are not found")
    func notFound() async throws {
        let bench = APITestBench()
        try await bench.store.tenants.save([Tenant(id: TenantID("other"))])
        let log = try await LogBench(bench)
        let foreign = try await log.started(tenant: TenantID("other"))
        try await log.say(["secret"], in: foreign, tenant: TenantID("other"))
        try await bench.run(.router) { client in
            for run in [foreign.run, .next(at: bench.clock.now)] {
                for path in ["logs", "logs?follow=true", "attempts"] {
                    let answer = try await client.get("/api/task-runs/\(run)/\(path)")
                    #expect(answer.status == 404 && answer.errorCode == "NOT_FOUND")
                }
            }
        }
    }

    @Test("a query that is wrong is refused with every fault")
    func faults() async throws {
        try await APITestBench().run(.router) { client in
            let run = RunID.next(at: VirtualClock.start)
            let path = "/api/task-runs/\(run)/logs"
            let answer = try await client.get("\(path)?attempt=0&after=-1&limit=1001&follow=yes&x=1")
            #expect(answer.status == 400)
            #expect(answer.faults.sorted() == ["after", "attempt", "follow", "limit", "x"])
            #expect(try await client.get("/api/task-runs/7/logs").status == 400)
            #expect(try await client.post(path).status == 405)
        }
    }
}
