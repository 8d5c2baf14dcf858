import Foundation
import SchedulerDomain
import Testing

@Suite("scheduler standalone")
struct StandaloneTests {
    private func start(in folder: URL, port: Int, name: String = "standalone") throws -> SchedulerProcess {
        try SchedulerProcess(
            ["standalone", "--port", "\(port)", "--data", folder.appendingPathComponent("data").path], logIn: folder,
            name: name)
    }

    @Test(
        "a task with a schedule of every second yields one completed run a second with the right output, until paused")
    func everySecond() async throws {
        try await withTemporaryFolder { folder in
            let port = try freePort()
            let process = try start(in: folder, port: port)
            let api = APIClient(port: port)
            try await api.waitUntilReady()
            let task = try await api.createTask([
                "name": "tick", "executor": "shell", "command": "echo tock", "schedule": "* * * * * *",
            ])
            try await eventually("five runs completed") {
                try await api.runs(of: task, status: "completed").count >= 5
            }
            _ = try await api.data("POST", "/api/tasks/\(task)/pause")
            try await eventually("all runs ended") {
                try await api.runs(of: task).allSatisfy { $0["status"] == "completed" }
            }
            let runs = try await api.runs(of: task)
            let seconds = runs.compactMap { $0["scheduled_at"]?.string.flatMap { UTCInstant($0) }?.secondsSinceEpoch }
                .sorted()
            #expect(seconds == Array(seconds[0]...seconds[seconds.count - 1]), "one run for each second, none twice")
            for run in runs {
                #expect(run["result"]?["stdout"] == "tock\n")
                #expect(run["exit_code"] == 0 && run["attempt"] == 1)
            }
            process.terminate()
            #expect(try await process.exitCode() == 0, "\(process.output)")
        }
    }

    @Test("a run that was under way when the process was killed is recovered at the next start")
    func recoversAfterKill() async throws {
        try await withTemporaryFolder { folder in
            let port = try freePort()
            let first = try start(in: folder, port: port, name: "first")
            let api = APIClient(port: port)
            try await api.waitUntilReady()
            let marker = folder.appendingPathComponent("marker").path
            // The first attempt stays; the second finds the marker and ends.
            let task = try await api.createTask([
                "name": "long", "executor": "shell",
                "command": .string("if [ -e '\(marker)' ]; then echo again; else : > '\(marker)'; exec sleep 600; fi"),
            ])
            _ = try await api.data("POST", "/api/tasks/\(task)/trigger")
            try await eventually("the first attempt runs") { FileManager.default.fileExists(atPath: marker) }
            first.killNow()
            _ = try await first.exitCode()

            let second = try start(in: folder, port: port, name: "second")
            try await api.waitUntilReady()
            try await eventually("the run completed") { try await api.runs(of: task).first?["status"] == "completed" }
            let run = try #require(try await api.runs(of: task).first)
            #expect(run["attempt"] == 2 && run["crashes"] == 1)
            #expect(run["result"]?["stdout"] == "again\n")
            await second.stop()
        }
    }

    @Test("a second process on the same data folder is refused with a line that says why")
    func exclusive() async throws {
        try await withTemporaryFolder { folder in
            let port = try freePort()
            let first = try start(in: folder, port: port, name: "first")
            try await APIClient(port: port).waitUntilReady()
            let second = try start(in: folder, port: try freePort(), name: "second")
            #expect(try await second.exitCode() != 0)
            #expect(second.output.contains("data"), "\(second.output)")
            #expect(second.output.split(separator: "\n").filter { $0.hasPrefix("scheduler: ") }.count == 1)
            await first.stop()
        }
    }

    @Test("ten failures in a row spend the retry budget, and the run ends as failed with every attempt counted")
    func retries() async throws {
        try await withTemporaryFolder { folder in
            let port = try freePort()
            let process = try start(in: folder, port: port)
            let api = APIClient(port: port)
            try await api.waitUntilReady()
            let task = try await api.createTask([
                "name": "failing", "executor": "shell", "command": "exit 3",
                "retry_policy": ["max_retries": 9, "delay_ms": 10, "exponential_backoff": false],
            ])
            _ = try await api.data("POST", "/api/tasks/\(task)/trigger")
            try await eventually("the run failed") { try await api.runs(of: task).first?["status"] == "failed" }
            let run = try #require(try await api.runs(of: task).first)
            #expect(run["attempt"] == 10 && run["retry_count"] == 10)
            #expect(run["error_type"] == "SYSTEM_ERROR" && run["exit_code"] == 3)
            await process.stop()
        }
    }
}

@Suite("What a task may see")
struct TaskSecretsTests {
    @Test("a task finds no variable of the process that runs it, neither in its environment nor through /proc")
    func environment() async throws {
        try await withTemporaryFolder { folder in
            let port = try freePort()
            let process = try SchedulerProcess(
                ["standalone", "--port", "\(port)", "--data", folder.appendingPathComponent("data").path],
                environment: ["SCHEDULER_WORKER_NAME": "the-worker", "A_SECRET": "s3cret-value"], logIn: folder)
            let api = APIClient(port: port)
            try await api.waitUntilReady()
            let task = try await api.createTask([
                "name": "curious", "executor": "shell",
                "command": .string("env; cat /proc/$PPID/environ /proc/\(process.processID)/environ 2>/dev/null; true"),
            ])
            _ = try await api.data("POST", "/api/tasks/\(task)/trigger")
            try await eventually("the run completed") { try await api.runs(of: task).first?["status"] == "completed" }
            let output = try #require(try await api.runs(of: task).first?["result"]?["stdout"]?.string)
            #expect(output.contains("SCHEDULER_RUN_ID="))
            #expect(!output.contains("s3cret-value") && !output.contains("the-worker"))
            await process.stop()
        }
    }
}
