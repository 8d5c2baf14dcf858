import Foundation
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("Custom executor")
struct CustomExecutorTests {
    /// Runs a shell script as the program.
    private func execute(
        _ script: String, config: JSONValue = [:], heard: HeardOutput = HeardOutput()
    ) async throws -> TaskResult {
        var run = RunContext.fixture(
            .fixture(
                taskType: "custom", executor: "custom", command: "sh", arguments: ["-c", .string(script)],
                config: config))
        run.output = heard
        return try await ProcessExecutors().custom.execute(run)
    }

    @Test("a program reads its start, and says lines, progress and a result")
    func conversation() async throws {
        let heard = HeardOutput()
        let result = try await execute(
            """
            read -r start
            echo plain
            echo '{"type":"log","message":"said"}'
            echo aside >&2
            echo '{"type":"progress","percent":40}'
            printf '{"type":"result","success":true,"result":%s}\\n' "$start"
            """, config: ["rows": [1, 2]], heard: heard)
        #expect(result.success)
        #expect(result.result?["success"] == true)
        #expect(result.result?["result"]?["type"] == "start")
        #expect(result.result?["result"]?["config"] == ["rows": [1, 2]])
        #expect(heard.lines(of: .stdout) == ["plain", "said"])
        #expect(heard.lines(of: .stderr) == ["aside"])
        #expect(heard.progress == [40])
    }

    @Test("a failure that the program tells keeps its class, its words and its stack, however the program exits")
    func failure() async throws {
        let line =
            #"{"type":"result","success":false,"result":7,"error":{"type":"USER_ERROR","message":"m","stack":"s"}}"#
        for code in [0, 4] {
            let result = try await execute("echo '\(line)'; exit \(code)")
            #expect(result.error == .init(.user, "m", stack: "s"))
            #expect(result.exitCode == code)
            #expect(result.result == ["success": false, "result": 7])
        }
    }

    @Test("a program that says success and exits with an error has failed")
    func contradiction() async throws {
        let result = try await execute(#"echo '{"type":"result","success":true}'; exit 3"#)
        #expect(result.error == .init(.system, "exited with 3"))
    }

    @Test(
        "one that ends without a result has failed",
        arguments: [(0, "the program ended without a result"), (5, "exited with 5")])
    func withoutResult(code: Int, message: String) async throws {
        let result = try await execute("echo hello; exit \(code)")
        #expect(result.error == .init(.system, message))
        #expect(!result.success)
    }

    @Test("a program that does not exist is a VALIDATION_ERROR")
    func noProgram() async throws {
        let run = RunContext.fixture(
            .fixture(taskType: "custom", executor: "custom", command: "program-of-nowhere"))
        let error = await #expect(throws: SchedulerError.self) { try await ProcessExecutors().custom.execute(run) }
        #expect(error?.code == .validation)
    }

    @Test("the example in Python works, and tells wrong input from a fault")
    func example() async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let program = root.appendingPathComponent("examples/custom-executor/import_rows.py").path
        func execute(_ config: JSONValue, _ heard: HeardOutput = HeardOutput()) async throws -> TaskResult {
            var run = RunContext.fixture(
                .fixture(
                    taskType: "custom", executor: "custom", command: program,
                    environment: ["PYTHONDONTWRITEBYTECODE": "1"], config: config), attempt: 2)
            run.output = heard
            return try await ProcessExecutors().custom.execute(run)
        }
        let heard = HeardOutput()
        let result = try await execute(["rows": ["a", "b"]], heard)
        #expect(result.result?["result"]?["imported"] == 2)
        #expect(result.result?["result"]?["fencing_token"] == 2)
        #expect(heard.lines(of: .stdout) == ["row 1: a", "row 2: b"])
        #expect(heard.progress == [50, 100])
        let wrong = try await execute([:])
        #expect(wrong.error?.type == .user)
        #expect(wrong.error?.message == "UserError: config.rows must be a list")
        #expect(wrong.error?.stack?.contains("import_rows") == true)
    }
}
