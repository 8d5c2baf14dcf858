import Foundation
import SchedulerDomain
import SchedulerTestingUtils
import Testing

extension DistributedTests {
    @Test("a task that reads its environment and all of /proc finds no credential of any role")
    func secrets() async throws {
        try await DistributedSystem.run { system in
            let password = try #require(URLComponents(string: system.postgres.url)?.password)
            let file = system.folder.appendingPathComponent("seen")
            let read =
                "env; for f in /proc/[0-9]*/environ /proc/[0-9]*/cmdline; do echo \"$f\"; cat $f; echo; done 2>/dev/null"
            let task = try await system.api.createTask([
                "name": "curious", "executor": "shell", "command": .string("{ \(read); } > \(file.path); true"),
            ])
            _ = try await system.api.data("POST", "/api/tasks/\(task)/trigger")
            try await eventually("the run completed") {
                try await system.api.runs(of: task).first?["status"] == "completed"
            }
            let seen = String(decoding: try Data(contentsOf: file), as: UTF8.self)
            #expect(seen.contains("SCHEDULER_RUN_ID="))
            // What it could read it has read: the keeper that is its parent, and every role.
            #expect(seen.contains("scheduler\0keeper"))
            for process in system.processes { #expect(seen.contains("/proc/\(process.processID)/cmdline")) }
            #expect(!seen.contains(password))
        }
    }
}
