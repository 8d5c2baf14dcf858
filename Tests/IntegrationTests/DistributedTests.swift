import Foundation
import SchedulerDomain
import SchedulerTestingUtils
import Testing

/// One system at a time: each starts two servers and six processes.
@Suite(
    "The distributed form", .serialized, .enabled(if: TestContainers.canStartServers, "needs PostgreSQL and RabbitMQ"))
struct DistributedTests {
    @Test("killing one dispatcher and one worker leaves no second without its run and no run that never ends")
    func killDispatcherAndWorker() async throws {
        try await DistributedSystem.run { system in
            let task = try await system.api.createTask([
                "name": "tick", "executor": "shell", "command": "date", "schedule": "* * * * * *",
            ])
            try await eventually("the first runs completed") {
                try await system.api.runs(of: task, status: "completed").count >= 3
            }
            system.dispatchers[0].killNow()
            system.workers[0].killNow()
            try await eventually("the store shows the worker offline", within: .seconds(30)) {
                try await system.api.data("GET", "/api/workers").array?.count == 2
            }
            let before = try await system.api.runs(of: task, status: "completed").count
            try await eventually("five more runs completed", within: .seconds(60)) {
                try await system.api.runs(of: task, status: "completed").count >= before + 5
            }
            _ = try await system.api.data("POST", "/api/tasks/\(task)/pause")
            let runs = try await system.runsAtTheEnd(of: task, within: .seconds(60))
            let seconds = runs.compactMap { $0["scheduled_at"]?.string.flatMap { UTCInstant($0) }?.secondsSinceEpoch }
                .sorted()
            #expect(seconds == Array(seconds[0]...seconds[seconds.count - 1]), "one run for each second, none twice")
            #expect(runs.allSatisfy { $0["status"] == "completed" })
        }
    }

    @Test("runs survive restarts of both servers and purged queues, and no attempt starts twice")
    func serversRestart() async throws {
        try await DistributedSystem.run { system in
            let file = system.folder.appendingPathComponent("starts").path
            let task = try await system.api.createTask([
                "name": "append", "executor": "function", "max_concurrent": 0,
                "config": ["name": "append", "parameters": ["path": .string(file)]],
            ])
            let total = 2_000
            async let triggered: Void = trigger(total, of: task, in: system)
            try await eventually("runs have started") { starts(in: file).count > 100 }
            try await system.broker.restart()
            try await eventually("runs go on after the broker's restart") { [count = starts(in: file).count] in
                starts(in: file).count > count
            }
            for queue in try await queues(of: system.broker) {
                _ = try await system.broker.control("purge_queue", queue)
            }
            try await system.postgres.restart()
            try await triggered

            let runs = try await system.runsAtTheEnd(of: task, within: .seconds(120))
            #expect(runs.count == total)
            #expect(runs.allSatisfy { $0["status"] == "completed" })
            let started = starts(in: file)
            #expect(Set(started).count == started.count, "no attempt started twice")
            let stored = runs.flatMap { run in
                (1...Int(run["attempt"]?.integer ?? 0)).map { "\(run["id"]?.string ?? "") \($0)" }
            }
            #expect(Set(started) == Set(stored), "the file and the store tell the same")
        }
    }

    @Test("each role ends cleanly on SIGTERM, and says so by exit code 0")
    func terminate() async throws {
        try await DistributedSystem.run { system in
            for process in system.processes { process.terminate() }
            for process in system.processes {
                let code = try await process.exitCode()
                #expect(code == 0, "\(process.name): \(process.output.suffix(2_000))")
            }
        }
    }

    /// Triggers runs in batches of fifty over some twenty seconds; a batch that a restarting server refused is repeated.
    private func trigger(_ total: Int, of task: Int64, in system: DistributedSystem) async throws {
        let batch: JSONValue = ["runs": .array(Array(repeating: ["task_id": .integer(task)], count: 50))]
        var accepted = 0
        while accepted < total {
            // Atomic: an error that is not "unknown" created nothing.
            if let answer = try? await system.api.send("POST", "/api/task-runs/batch", batch) {
                if answer.status == 202 { accepted += 50 }
                #expect(answer.status == 202 || answer.body["error"]?["code"] != "OUTCOME_UNKNOWN")
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    private func starts(in file: String) -> [String] {
        ((try? String(contentsOfFile: file, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }

    private func queues(of broker: PrivateServer) async throws -> [String] {
        try await broker.control("-q", "list_queues", "name", "--no-table-headers").split(separator: "\n").map(
            String.init
        )
        .filter { $0.hasPrefix("task.") || $0 == "status" || $0.hasPrefix("worker.") }
    }
}
