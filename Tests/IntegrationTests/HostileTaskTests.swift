import Foundation
import SchedulerDomain
import Testing

/// Tasks that hang, fork, flood, hide and die, each an ordinary case: its run ends as it should, and neither a process
/// nor a descriptor nor a file is left.
@Suite("Hostile tasks", .serialized)
struct HostileTaskTests {
    struct Hostile: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var task: [String: JSONValue]
        /// Looked for as they are in the run.
        var expected: [String: JSONValue]
        var message: String?
    }

    private static let cases: [Hostile] = [
        Hostile(
            testDescription: "a child that ignores SIGTERM",
            task: ["command": "trap '' TERM; (trap '' TERM; while :; do sleep 60; done) & wait", "timeout_seconds": 1],
            expected: ["status": "timeout", "error_type": "TIMEOUT"], message: "exceeded its time limit"),
        Hostile(
            testDescription: "a grandchild that detaches and ignores SIGTERM",
            task: ["command": "(setsid sh -c 'trap \"\" TERM HUP; while :; do sleep 60; done' &); echo gone"],
            expected: ["status": "completed"]),
        Hostile(
            testDescription: "a daemon that closes its pipes",
            task: ["command": "setsid sh -c 'exec >/dev/null 2>&1; sleep 600' & sleep 0.2"],
            expected: ["status": "completed"]),
        Hostile(
            testDescription: "a fork bomb",
            task: [
                "executor": "python", "timeout_seconds": 1, "limits": ["max_processes": 60],
                "command": """
                import os, time
                while True:
                    try:
                        if os.fork() == 0: os.setsid()
                    except OSError: time.sleep(0.05)
                    if len(os.listdir('/proc')) > 400: time.sleep(60)
                """,
            ],
            expected: ["status": "timeout"]),
        Hostile(
            testDescription: "100 MB of output in a burst",
            task: ["command": "echo first; yes 0123456789abcdef | head -c 100000000; echo last"],
            expected: ["status": "completed"]),
        Hostile(
            testDescription: "binary output",
            task: ["command": "head -c 300000 /dev/urandom; head -c 1000 /dev/zero"],
            expected: ["status": "completed"]),
        Hostile(
            testDescription: "more memory than it may have",
            task: ["executor": "python", "command": "x = bytearray(900_000_000)", "limits": ["max_memory_mb": 128]],
            expected: ["status": "failed", "error_type": "SYSTEM_ERROR"], message: "MemoryError"),
        Hostile(
            testDescription: "more CPU time than it may have",
            task: ["command": "while :; do :; done", "limits": ["max_cpu_seconds": 1]],
            expected: ["status": "failed", "error_type": "SYSTEM_ERROR"], message: "SIGXCPU"),
        Hostile(
            testDescription: "a command that does not exist",
            task: ["executor": "command", "command": "no-such-program-here"],
            expected: ["status": "failed", "error_type": "VALIDATION_ERROR"], message: "no such program"),
        Hostile(
            testDescription: "a working directory that does not exist",
            task: ["command": "true", "working_directory": "/nowhere/at/all"],
            expected: ["status": "failed", "error_type": "VALIDATION_ERROR"], message: "/nowhere/at/all"),
        Hostile(
            testDescription: "a task that kills itself",
            task: ["command": "kill -SEGV $$"],
            expected: ["status": "failed", "error_type": "SYSTEM_ERROR"], message: "SIGSEGV"),
    ]

    /// Limits of processes do not bind root.
    private static var unprivileged: [String: String] { geteuid() == 0 ? ["SCHEDULER_WORKER_RUN_AS": "nobody"] : [:] }

    @Test("a task that kills its keeper fails, and the next one runs")
    func killsKeeper() async throws {
        try await withTemporaryFolder { folder in
            let port = try freePort()
            let process = try SchedulerProcess(
                ["standalone", "--port", "\(port)", "--data", folder.appendingPathComponent("data").path], logIn: folder
            )
            let api = APIClient(port: port)
            try await api.waitUntilReady()
            let detach = "(setsid sh -c 'trap \"\" TERM HUP; while :; do sleep 60; done' &); sleep 0.2; "
            let run = try await outcome(
                of: ["command": .string(detach + "kill -9 $PPID; sleep 60")], named: "killer", api)
            #expect(run["status"] == "failed" && run["error_type"] == "SYSTEM_ERROR")
            #expect(run["error_message"]?.string?.contains("the keeper") == true)
            let left = try ProcessTraces(of: process.processID, temporary: folder).processes
            #expect(left == [], "also what had left its session is gone")
            let next = try await outcome(of: ["command": "echo well"], named: "next", api)
            #expect(next["result"]?["stdout"] == "well\n")
            await process.stop()
        }
    }

    @Test("each hostile task ends as it should and leaves nothing behind")
    func leavesNothing() async throws {
        try await withTemporaryFolder { folder in
            let temporary = folder.appendingPathComponent("tmp")
            try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
            let port = try freePort()
            let process = try SchedulerProcess(
                ["standalone", "--port", "\(port)", "--data", folder.appendingPathComponent("data").path],
                environment: Self.unprivileged.merging([
                    "TMPDIR": temporary.path, "SCHEDULER_WORKER_KILL_GRACE_SECONDS": "0.5",
                ]) { $1 }, logIn: folder)
            let api = APIClient(port: port)
            try await api.waitUntilReady()
            @Sendable func traces() throws -> ProcessTraces {
                try ProcessTraces(of: process.processID, temporary: temporary)
            }
            // The first process task starts the keeper.
            _ = try await outcome(of: ["command": "true"], named: "first", api)
            try await eventually("the first task left nothing") { try traces().processes.isEmpty }
            let before = try traces()
            for (number, hostile) in Self.cases.enumerated() {
                let run = try await outcome(of: hostile.task, named: "hostile-\(number)", api)
                for (field, value) in hostile.expected {
                    #expect(run[field] == value, "\(hostile.testDescription): \(run.text.prefix(2_000))")
                }
                if let message = hostile.message {
                    #expect(
                        run["error_message"]?.string?.contains(message) == true,
                        "\(hostile.testDescription): \(run["error_message"]?.text ?? "no message")")
                }
                // The run is over when its processes are; descriptors are closed a moment later.
                let after = try traces()
                #expect(after.processes == [], "\(hostile.testDescription)")
                let next = try await outcome(of: ["command": "echo well"], named: "next-\(number)", api)
                #expect(next["result"]?["stdout"] == "well\n", "after \(hostile.testDescription)")
                try await eventually("\(hostile.testDescription) left nothing; now \(try traces()), before \(before)") {
                    try traces() == before
                }
            }
            process.terminate()
            #expect(try await process.exitCode() == 0, "\(process.output)")
        }
    }

    @Test("a worker that is killed takes its tasks with it, also those that left their session")
    func killedWorker() async throws {
        try await withTemporaryFolder { folder in
            let port = try freePort()
            let process = try SchedulerProcess(
                ["standalone", "--port", "\(port)", "--data", folder.appendingPathComponent("data").path], logIn: folder
            )
            let api = APIClient(port: port)
            try await api.waitUntilReady()
            let files = ["leader", "detached"].map { folder.appendingPathComponent($0).path }
            let task = try await api.createTask([
                "name": "long", "executor": "shell",
                "command": .string(
                    "(setsid sh -c 'trap \"\" TERM HUP; echo $$ > \(files[1]); while :; do sleep 60; done' &);"
                        + " trap '' TERM; echo $$ > \(files[0]); while :; do sleep 60; done"),
            ])
            _ = try await api.data("POST", "/api/tasks/\(task)/trigger")
            @Sendable func pids() -> [Int32] {
                files.compactMap { try? String(contentsOfFile: $0, encoding: .utf8) }
                    .compactMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
            }
            try await eventually("both processes run") { pids().count == 2 }
            process.killNow()
            _ = try await process.exitCode()
            try await eventually("the tasks are gone", within: .seconds(10)) {
                pids().allSatisfy { kill($0, 0) != 0 && errno == ESRCH }
            }
        }
    }

    /// Creates a task, runs it once without retries, and returns the ended run.
    private func outcome(of body: [String: JSONValue], named name: String, _ api: APIClient) async throws -> JSONValue {
        let base: [String: JSONValue] = [
            "name": .string(name), "executor": "shell", "retry_policy": ["max_retries": 0],
        ]
        let task = try await api.createTask(.object(base.merging(body) { $1 }))
        let run = try await api.data("POST", "/api/tasks/\(task)/trigger")["id"]?.string ?? ""
        // A flood takes half a minute of a core in a debug build, and others want the cores as well.
        try await eventually("\(name) has ended", within: .seconds(300)) {
            let status = try await api.data("GET", "/api/task-runs/\(run)")["status"]?.string ?? ""
            return !["pending", "dispatched", "running"].contains(status)
        }
        return try await api.data("GET", "/api/task-runs/\(run)")
    }
}
