import Foundation
import SchedulerDomain
import Testing

extension DistributedTests {
    @Test("a cancelled run is stopped at once, long before the next heartbeat, and its process is gone")
    func cancel() async throws {
        let slowBeats = ["SCHEDULER_WORKER_HEARTBEAT_SECONDS": "300", "SCHEDULER_WORKER_LEASE_SECONDS": "1800"]
        try await DistributedSystem.run(environment: slowBeats) { system in
            let file = system.folder.appendingPathComponent("pid")
            let task = try await system.api.createTask([
                "name": "sleeper", "executor": "shell", "command": .string("echo $$ > \(file.path); exec sleep 60"),
            ])
            let run = try await system.api.data("POST", "/api/tasks/\(task)/trigger")["id"]?.string ?? ""
            try await eventually("the process runs") { processNumber(in: file) != nil }
            let process = try #require(processNumber(in: file))
            let answer = try await system.api.data("POST", "/api/task-runs/\(run)/cancel", ["reason": "not needed"])
            #expect(answer["cancellation"] == "requested")
            try await eventually("the run is cancelled") {
                try await system.api.data("GET", "/api/task-runs/\(run)")["status"] == "cancelled"
            }
            #expect(kill(process, 0) == -1, "the process outlives its run")
            #expect(
                try await system.api.data("POST", "/api/task-runs/\(run)/cancel")["cancellation"] == "already_ended")
        }
    }
}

/// The number that a task has written into a file.
func processNumber(in file: URL) -> Int32? {
    (try? String(contentsOf: file, encoding: .utf8)).flatMap {
        Int32($0.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
