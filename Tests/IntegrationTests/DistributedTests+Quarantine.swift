import Foundation
import SchedulerDomain
import Testing

extension DistributedTests {
    @Test("a run that takes three workers down is quarantined, and its innocent neighbours finish")
    func quarantine() async throws {
        try await DistributedSystem.run(workers: 5) { system in
            let neighbours = try await system.api.createTask([
                "name": "neighbour", "executor": "shell", "command": "sleep 3", "max_concurrent": 0,
            ])
            for _ in 0..<10 { _ = try await system.api.data("POST", "/api/tasks/\(neighbours)/trigger") }
            try await eventually("the neighbours run") {
                try await system.api.runs(of: neighbours, status: "running").count == 10
            }
            let killer = try await system.api.createTask([
                "name": "killer", "executor": "shell", "command": .string(killsItsWorker),
            ])
            let run = try await system.api.data("POST", "/api/tasks/\(killer)/trigger")["id"]?.string ?? ""
            _ = try await system.runsAtTheEnd(of: killer, within: .seconds(120))
            let ended = try await system.api.data("GET", "/api/task-runs/\(run)")
            #expect(ended["status"] == "failed")
            #expect(ended["crashes"] == 3)
            #expect(ended["retry_count"] == 0)
            let message = ended["error_message"]?.string ?? ""
            #expect(message.hasPrefix("QUARANTINED: 3 workers"))
            #expect(message.contains("is about to end"), "\(message)")
            let finished = try await system.runsAtTheEnd(of: neighbours, within: .seconds(120))
            #expect(finished.count == 10)
            #expect(finished.allSatisfy { $0["status"] == "completed" && $0["retry_count"] == 0 })
            #expect(system.workers.count { !$0.isRunning } == 3)
        }
    }

    /// Looks for the worker among the parents of the process, and kills it as any task of the same user could.
    private var killsItsWorker: String {
        """
        parent=$PPID
        until tr '\\0' ' ' < /proc/$parent/cmdline | grep -q 'scheduler worker'; do
            parent=$(awk '/^PPid:/ { print $2 }' /proc/$parent/status)
        done
        echo "worker $parent is about to end"
        sleep 2
        kill -9 $parent
        sleep 60
        """
    }
}
