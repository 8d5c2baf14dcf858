import Foundation
import SchedulerDomain
import Testing

extension DistributedTests {
    @Test("a worker that drains finishes what runs and ends; one whose time is over hands it back at no retry's cost")
    func drain() async throws {
        let shortGrace = ["SCHEDULER_WORKER_SHUTDOWN_GRACE_SECONDS": "12"]
        try await DistributedSystem.run(environment: shortGrace) { system in
            let end = system.folder.appendingPathComponent("end")
            let (run, worker) = try await start("while [ ! -e \(end.path) ]; do sleep 0.05; done", on: system)
            let answer = try await system.api.data("POST", "/api/workers/\(worker)/drain")
            #expect(answer["drain_requested_at"]?.string != nil)
            try await eventually("the worker drains") {
                try await system.api.data("GET", "/api/workers/\(worker)")["status"] == "draining"
            }
            #expect(!system.workers.contains { !$0.isRunning })
            try Data().write(to: end)
            try await eventually("one worker process has ended") { system.workers.contains { !$0.isRunning } }
            let drained = try #require(system.workers.first { !$0.isRunning })
            #expect(try await drained.exitCode() == 0)
            for sentence in ["asked to drain", "takes nothing new; 1 runs", "every outcome", "has ended"] {
                #expect(drained.output.contains(sentence), "\(sentence): \(drained.output.suffix(2_000))")
            }
            #expect(try await system.api.data("GET", "/api/task-runs/\(run)")["status"] == "completed")
            #expect(try await system.api.send("POST", "/api/workers/\(worker)/drain").status == 409)
            #expect(try await system.onlineWorkers() == 2)
            try await handsBack(system)
        }
    }

    private func handsBack(_ system: DistributedSystem) async throws {
        let (run, _) = try await start("exec sleep 600", on: system)
        for worker in system.workers where worker.isRunning { worker.terminate() }
        for worker in system.workers {
            #expect(try await worker.exitCode() == 0, "\(worker.name): \(worker.output.suffix(2_000))")
        }
        #expect(system.workers.contains { $0.output.contains("1 runs are stopped and handed back") })
        let handedBack = try await system.api.data("GET", "/api/task-runs/\(run)")
        #expect(handedBack["status"] == "pending" || handedBack["status"] == "dispatched")
        #expect(handedBack["retry_count"] == 0)
        #expect(handedBack["interruptions"]?.integer ?? 0 >= 1)
    }

    /// Triggers a command and waits until it runs.
    ///
    /// - Returns: the run and its worker.
    private func start(_ command: String, on system: DistributedSystem) async throws -> (run: String, worker: String) {
        let task = try await system.api.createTask([
            "name": .string(command), "executor": "shell", "command": .string(command),
        ])
        let run = try await system.api.data("POST", "/api/tasks/\(task)/trigger")["id"]?.string ?? ""
        try await eventually("\(command) runs") {
            try await system.api.data("GET", "/api/task-runs/\(run)")["status"] == "running"
        }
        return (run, try await system.api.data("GET", "/api/task-runs/\(run)")["worker_id"]?.string ?? "")
    }
}
