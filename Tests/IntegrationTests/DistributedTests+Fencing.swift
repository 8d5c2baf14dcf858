import Foundation
import SchedulerDomain
import Testing

extension DistributedTests {
    /// A run that writes a line with its attempt ten times a second while it executes, on one of two workers.
    private struct Beacon {
        let run: String
        /// The identifier of its first worker, and the process that has it.
        let worker: String
        let process: SchedulerProcess
        private let file: URL

        init(on system: DistributedSystem, seconds: Int) async throws {
            let file = system.folder.appendingPathComponent("beacon")
            self.file = file
            let task = try await system.api.createTask([
                "name": "beacon", "executor": "shell",
                "command": .string(
                    "for i in $(seq \(10 * seconds)); do echo $SCHEDULER_ATTEMPT >> \(file.path); sleep 0.1; done"),
            ])
            let run = try await system.api.data("POST", "/api/tasks/\(task)/trigger")["id"]?.string ?? ""
            self.run = run
            try await eventually("the run executes") {
                try await system.api.data("GET", "/api/task-runs/\(run)")["status"] == "running"
                    && FileManager.default.fileExists(atPath: file.path)
            }
            let worker = try await system.api.data("GET", "/api/task-runs/\(run)")["worker_id"]?.string ?? ""
            self.worker = worker
            process = try #require(system.workers.first { $0.output.contains(worker) })
        }

        /// The attempts that wrote, in the order of their lines.
        var lines: [String] {
            ((try? String(contentsOf: file, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
        }
    }

    private func worker(_ id: String, of system: DistributedSystem) async throws -> JSONValue {
        try await system.api.data("GET", "/api/workers/\(id)")
    }

    private func lateReports(_ system: DistributedSystem) async throws -> Int64 {
        try await system.api.data("GET", "/api/system/stats")["late_reports"]?.integer ?? 0
    }

    @Test("what a stopped worker runs ends before it runs elsewhere; woken, the worker goes on under a new id")
    func stoppedWorker() async throws {
        try await DistributedSystem.run(workers: 2) { system in
            let beacon = try await Beacon(on: system, seconds: 10)
            beacon.process.suspend()
            try await eventually("the run executes elsewhere") { beacon.lines.last == "2" }
            let old = try await worker(beacon.worker, of: system)
            #expect(old["status"] == "offline")
            try await eventually("it goes on there") { beacon.lines.filter { $0 == "2" }.count >= 30 }
            beacon.process.resume()
            try await eventually("the woken worker has a new id") { try await system.onlineWorkers() == 2 }
            try await eventually("the run has ended") {
                try await system.api.data("GET", "/api/task-runs/\(beacon.run)")["status"] == "completed"
            }
            #expect(Set(beacon.lines) == ["1", "2"])
            #expect(beacon.lines == beacon.lines.sorted(), "no line of the first attempt after one of the second")
            #expect(beacon.lines.filter { $0 == "2" }.count == 100)
            let ended = try await system.api.data("GET", "/api/task-runs/\(beacon.run)")
            #expect(ended["attempt"] == 2)
            #expect(ended["retry_count"] == 0)
            // Not one beat under the old id since it was given up.
            #expect(try await worker(beacon.worker, of: system) == old)
        }
    }

    @Test("an outcome that a stopped worker held is refused and counted where the run was started again")
    func lateOutcome() async throws {
        try await DistributedSystem.run(workers: 2) { system in
            let beacon = try await Beacon(on: system, seconds: 1)
            beacon.process.suspend()
            try await eventually("the run has ended elsewhere") {
                try await system.api.data("GET", "/api/task-runs/\(beacon.run)")["status"] == "completed"
            }
            #expect(beacon.lines.count == 20, "both attempts ran to their end, one after the other")
            #expect(beacon.lines == beacon.lines.sorted())
            #expect(try await lateReports(system) == 0)
            beacon.process.resume()
            try await eventually("the late report is counted") { try await lateReports(system) == 1 }
            let ended = try await system.api.data("GET", "/api/task-runs/\(beacon.run)")
            #expect(ended["status"] == "completed")
            #expect(ended["attempt"] == 2)
            let attempts = try await system.api.data("GET", "/api/task-runs/\(beacon.run)/attempts")
            #expect(attempts.array?.first?["late_report"] != nil)
        }
    }
}
