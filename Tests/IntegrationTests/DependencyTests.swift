import Foundation
import SchedulerDomain
import Testing

@Suite("Dependencies through the binary")
struct DependencyTests {
    @Test("A is followed by B and C, and both by D, each with the results of those before it")
    func diamond() async throws {
        try await withTemporaryFolder { folder in
            let port = try freePort()
            let process = try SchedulerProcess(
                ["standalone", "--port", "\(port)", "--data", folder.appendingPathComponent("data").path], logIn: folder
            )
            let api = APIClient(port: port)
            try await api.waitUntilReady()
            let a = try await api.createTask(["name": "A", "executor": "shell", "command": "echo from A"])
            var middle: [JSONValue] = []
            for name in ["B", "C"] {
                let id = try await api.createTask([
                    "name": .string(name), "executor": "shell",
                    "command": .string("grep -c 'from A' $SCHEDULER_UPSTREAM_RESULTS; echo from \(name)"),
                    "dependencies": [.integer(a)],
                ])
                middle.append(.integer(id))
            }
            let d = try await api.createTask([
                "name": "D", "executor": "shell", "command": "cat $SCHEDULER_UPSTREAM_RESULTS",
                "dependencies": .array(middle),
            ])
            let handler = try await api.createTask([
                "name": "handler", "executor": "shell", "command": "true",
                "dependencies": [["task_id": .integer(d), "condition": "on_failure"]],
            ])
            let wave = try #require(try await api.data("POST", "/api/tasks/\(a)/trigger")["id"]?.string)
            try await eventually("the wave is over") {
                try await api.data("GET", "/api/workflows/\(wave)")["state"] == "completed"
            }
            let workflow = try await api.data("GET", "/api/workflows/\(wave)")
            let nodes = try #require(workflow["nodes"]?.array)
            #expect(nodes.compactMap { $0["task_name"]?.string }.sorted() == ["A", "B", "C", "D", "handler"])
            #expect(workflow["edges"]?.array?.count == 5)
            let last = try #require(try await api.runs(of: d).first)
            #expect(last["trigger_type"] == "dependency" && last["workflow_id"]?.string == wave)
            let passed = try JSONValue(parsing: try #require(last["result"]?["stdout"]?.string)).array ?? []
            #expect(passed.map { $0["task_name"] } == ["B", "C"])
            #expect(passed.map { $0["result"]?["stdout"] } == ["1\nfrom B\n", "1\nfrom C\n"])
            #expect(passed.map { $0["exit_code"] } == [0, 0])
            #expect(try await api.runs(of: handler).map { $0["status"] } == ["skipped"])
            process.terminate()
            #expect(try await process.exitCode() == 0, "\(process.output)")
        }
    }
}
