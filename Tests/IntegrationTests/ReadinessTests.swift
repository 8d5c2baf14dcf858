import Foundation
import SchedulerDomain
import SchedulerTestingUtils
import Testing

@Suite(
    "Readiness of every role", .serialized,
    .enabled(if: TestContainers.canStartServers, "needs PostgreSQL and RabbitMQ"))
struct ReadinessTests {
    @Test("while a server is away each role that needs it says so, and none ends; when it is back they are ready again")
    func serversAway() async throws {
        try await DistributedSystem.run(dispatchers: 1, workers: 1) { system in
            let watched = try ["api", "dispatcher", "worker"].map { try WatchedProcess($0, in: system) }
            let (api, dispatcher, worker) = (watched[0], watched[1], watched[2])
            try await withStopped(watched) {
                for process in watched { try await process.becomesReady() }

                try await system.broker.stop()
                for process in [dispatcher, worker] { try await process.becomesUnready(without: "jobQueue") }
                #expect(try await api.admin.send("GET", "/ready").status == 200, "the API does not need the broker")
                try await system.broker.start()
                for process in [dispatcher, worker] { try await process.becomesReady() }

                try await system.postgres.stop()
                for process in watched { try await process.becomesUnready(without: "database") }
                try await worker.becomesUnready(without: "worker")
                try await system.postgres.start()
                for process in watched { try await process.becomesReady() }

                for process in watched.map(\.process) + system.processes { #expect(process.isRunning) }
                // Each outage is a change, and on a slow machine the start; the worker's lease may end after its database
                // has gone, and come back after it.
                for (process, most) in [(api, 2), (dispatcher, 3), (worker, 5)] {
                    let lines = process.process.output.split(separator: "\n").filter { $0.contains("is not ready") }
                    #expect((1...most).contains(lines.count), "one line per change: \(lines)")
                }
            }
        }
    }

    @Test("a role whose admin port is taken does its work without it, and gets it when it is free")
    func portTaken() async throws {
        try await DistributedSystem.run(dispatchers: 1, workers: 1) { system in
            let first = try WatchedProcess("dispatcher", in: system)
            try await first.becomesReady()
            let second = try WatchedProcess("worker", in: system, port: first.admin.port)
            try await withStopped([first, second]) {
                try await eventually("it says that its port is taken") {
                    second.process.output.contains("goes on without its admin port")
                }
                try await eventually("it works") { try await system.onlineWorkers() == 2 }
                first.process.terminate()
                #expect(try await first.process.exitCode() == 0)
                try await second.becomesReady()
                #expect(try await second.admin.send("GET", "/health").body["dependencies"]?["worker"] != nil)
            }
        }
    }

    @Test("a worker that drains is not ready, and tells so until it ends")
    func draining() async throws {
        try await DistributedSystem.run(dispatchers: 1, workers: 1) { system in
            let worker = try WatchedProcess("worker", in: system)
            try await withStopped([worker]) {
                try await worker.becomesReady()
                let task = try await system.api.createTask([
                    "name": "slow", "executor": "shell", "command": "sleep 3", "max_concurrent": 0,
                ])
                for _ in 1...8 { _ = try await system.api.data("POST", "/api/tasks/\(task)/trigger") }
                try await eventually("it has something to do") {
                    let workers = try await system.api.data("GET", "/api/workers").array ?? []
                    return workers.allSatisfy { ($0["current_task_count"]?.integer ?? 0) > 0 }
                }
                worker.process.terminate()
                try await worker.becomesUnready(without: "worker")
                #expect(try await worker.process.exitCode() == 0)
                let runs = try await system.runsAtTheEnd(of: task, within: .seconds(30))
                #expect(runs.filter { $0["status"] != "completed" || $0["attempt"] != 1 } == [])
            }
        }
    }

    private func withStopped(_ watched: [WatchedProcess], _ body: () async throws -> Void) async throws {
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        for process in watched { await process.process.stop() }
        if case .failure(let error) = result {
            throw TestFailure(
                "\(error)\n\(watched.map { $0.process.output.suffix(3_000) }.joined(separator: "\n---\n"))")
        }
    }
}

/// A process beside those of the system, with an admin port.
private struct WatchedProcess {
    let process: SchedulerProcess
    let admin: APIClient

    init(_ role: String, in system: DistributedSystem, port: Int? = nil) throws {
        let port = try port ?? freePort()
        admin = APIClient(port: port)
        process = try system.start(
            role, name: "\(role)-watched-\(UUID().uuidString.prefix(4))",
            ["SCHEDULER_ADMIN_PORT": "\(port)", "SCHEDULER_API_PORT": "\(try freePort())"])
    }

    func becomesReady() async throws {
        try await admin.waitUntilReady()
        let health = try await admin.send("GET", "/health")
        #expect(health.status == 200)
        #expect(health.body["status"] == "healthy", "\(process.name): \(health.body.text)")
    }

    /// It answers, but with 503, and names what is away.
    func becomesUnready(without dependency: String) async throws {
        try await eventually("\(process.name) is not ready without \(dependency)") { [admin] in
            guard let answer = try? await admin.send("GET", "/ready") else { return false }
            return answer.status == 503 && answer.body["dependencies"]?[dependency]?["state"] == "down"
        }
        #expect(try await admin.send("GET", "/health").status == 200, "it lives")
    }
}
