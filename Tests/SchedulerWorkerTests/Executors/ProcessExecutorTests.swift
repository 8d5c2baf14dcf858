import Foundation
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("Shell and command executors")
struct ProcessExecutorTests {
    private let executors: ProcessExecutors

    init() throws { executors = try ProcessExecutors() }

    @Test("output, error output and exit code are captured")
    func captures() async throws {
        let result = try await executors.shell.execute(.shell("echo out; echo err >&2"))
        #expect(result.success)
        #expect(result.error == nil)
        #expect(result.result == ["stdout": "out\n", "stderr": "err\n", "exitCode": 0])
        #expect(result.exitCode == 0)
        #expect(result.usage?.peakMemoryBytes ?? 0 > 0)
    }

    @Test("a non-zero exit is a SYSTEM_ERROR that names the code", arguments: [1, 3, 126, 127, 255])
    func nonZero(code: Int) async throws {
        let result = try await executors.shell.execute(.shell("exit \(code)"))
        #expect(!result.success)
        #expect(result.exitCode == code)
        #expect(result.error == TaskResult.Failure(.system, "exited with \(code)"))
    }

    @Test("death by a signal is a SYSTEM_ERROR that names the signal")
    func signal() async throws {
        let result = try await executors.shell.execute(.shell("kill -KILL $$"))
        #expect(result.error == TaskResult.Failure(.system, "killed by signal SIGKILL"))
        #expect(result.exitCode == 137)
    }

    @Test("a command that the shell does not find is the shell's failure")
    func shellNotFound() async throws {
        let result = try await executors.shell.execute(.shell("no-such-command-anywhere"))
        #expect(result.error == TaskResult.Failure(.system, "exited with 127"))
    }

    @Test("the shell gets arguments as positional parameters, unsplit")
    func shellArguments() async throws {
        let context = RunContext.shell(#"printf '%s|' "$@""#) { $0.arguments = ["a b", 7, true, ["k": 1], nil] }
        #expect(try await executors.shell.execute(context).stdout == #"a b|7|true|{"k":1}||"#)
    }

    @Test("a dependent finds its upstreams' results in a file that only it can read and that is gone afterwards")
    func upstreamResults() async throws {
        var context = RunContext.shell(
            "stat -c '%a' $SCHEDULER_UPSTREAM_RESULTS $(dirname $SCHEDULER_UPSTREAM_RESULTS);"
                + " echo $SCHEDULER_UPSTREAM_RESULTS; cat $SCHEDULER_UPSTREAM_RESULTS")
        context.upstreams = [
            UpstreamResult(
                task: TaskID(3), taskName: "käse", run: context.attempt.run, status: .failed, result: ["rows": 3],
                exitCode: 4)
        ]
        let lines = try await executors.shell.execute(context).stdout.split(separator: "\n").map(String.init)
        #expect(lines.prefix(2) == ["600", "700"])
        let expected: JSONValue = [
            [
                "task_id": 3, "task_name": "käse", "run_id": .string("\(context.attempt.run)"), "status": "failed",
                "result": ["rows": 3], "exit_code": 4, "result_omitted": false,
            ]
        ]
        #expect(try JSONValue(parsing: lines[3]) == expected)
        #expect(!FileManager.default.fileExists(atPath: lines[2]))
        #expect(!FileManager.default.fileExists(atPath: (lines[2] as NSString).deletingLastPathComponent))
    }

    @Test("a run that depends on none has no such file")
    func noUpstreamResults() async throws {
        let result = try await executors.shell.execute(.shell("echo ${SCHEDULER_UPSTREAM_RESULTS-none}"))
        #expect(result.stdout == "none\n")
    }

    @Test("a program gets its arguments without a shell")
    func commandArguments() async throws {
        let result = try await executors.command.execute(.command("printf", "%s|", "$HOME", "a b", "; exit 3"))
        #expect(result.stdout == "$HOME|a b|; exit 3|")
    }

    @Test("a task sees the allow-list, its own variables and the run's identity, and nothing else")
    func environment() async throws {
        setenv("SCHEDULER_WORKER_TEST_SECRET", "hidden", 1)
        let executors = try ProcessExecutors(
            inherited: [
                "PATH": "/usr/bin:/bin", "HOME": "/nowhere", "TZ": "UTC", "DATABASE_URL": "secret", "LANG": "C",
            ])
        var context = RunContext.command("env") { $0.environment = ["OWN": "x=y", "TZ": "Europe/Berlin"] }
        context.attempt = RunAttempt(run: context.attempt.run, attempt: 4)
        let lines = try await executors.command.execute(context).stdout.split(separator: "\n").map(String.init)
        #expect(
            Set(lines) == [
                "PATH=/usr/bin:/bin", "HOME=/nowhere", "TZ=Europe/Berlin", "LANG=C", "OWN=x=y",
                "SCHEDULER_RUN_ID=\(context.attempt.run)", "SCHEDULER_ATTEMPT=4",
                "SCHEDULER_FIRE_TIME=\(context.scheduledAt)",
            ])
    }

    @Test("the real environment of the worker does not reach a task")
    func ownEnvironment() async throws {
        setenv("SCHEDULER_WORKER_TEST_SECRET", "hidden", 1)
        let output = try await executors.command.execute(.command("env")).stdout
        #expect(!output.contains("SCHEDULER_WORKER_TEST_SECRET"))
    }

    @Test("a task cannot pretend to be another run")
    func identityWins() async throws {
        let result = try await executors.shell.execute(
            .shell("echo $SCHEDULER_ATTEMPT") { $0.environment = ["SCHEDULER_ATTEMPT": "99"] })
        #expect(result.stdout == "1\n")
    }

    @Test("standard input is empty")
    func noInput() async throws {
        #expect(try await executors.shell.execute(.shell("cat; echo end")).stdout == "end\n")
    }

    @Test("no descriptor beside 0, 1 and 2 reaches a task")
    func descriptors() async throws {
        // `ls` itself opens the folder, as descriptor 3.
        let result = try await executors.command.execute(.command("ls", "/proc/self/fd"))
        #expect(result.stdout.split(separator: "\n") == ["0", "1", "2", "3"])
    }

    @Test("signals are as a fresh process has them")
    func signals() async throws {
        let result = try await executors.command.execute(.command("grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"))
        #expect(result.stdout.split(separator: "\n").allSatisfy { $0.hasSuffix("\t0000000000000000") })
    }

    @Test("a process leads a session and group of its own")
    func session() async throws {
        let fields = try await executors.shell.execute(.shell("cut -d' ' -f5,6 /proc/self/stat; echo $$")).stdout
            .split(whereSeparator: \.isWhitespace)
        #expect(fields.count == 3)
        #expect(Set(fields).count == 1)
    }

    @Test("the working directory is where the task says")
    func directory() async throws {
        let folder = try TemporaryFolder()
        let result = try await executors.command.execute(.command("pwd") { $0.workingDirectory = folder.path })
        #expect(result.stdout.hasSuffix(folder.path.split(separator: "/").last.map { "/\($0)\n" } ?? "?"))
    }

    @Test("a missing working directory is a VALIDATION_ERROR that names it")
    func missingDirectory() async throws {
        let error = await #expect(throws: SchedulerError.self) {
            try await executors.shell.execute(.shell("true") { $0.workingDirectory = "/no/such/folder" })
        }
        #expect(error?.code == .validation)
        #expect(error?.faults.first?.field == "working_directory")
        #expect(error?.message.contains("/no/such/folder") == true)
    }

    @Test(
        "a missing program is a VALIDATION_ERROR", arguments: ["no-such-program", "/no/such/program", "ls -la", "/tmp"])
    func missingProgram(program: String) async throws {
        let error = await #expect(throws: SchedulerError.self) {
            try await executors.command.execute(.command(program))
        }
        #expect(error?.code == .validation)
        #expect(error?.message.contains(program) == true)
    }

    @Test("a task without a command is a VALIDATION_ERROR")
    func noCommand() async throws {
        for executor in [executors.shell, executors.command] as [any RunExecutor] {
            let error = await #expect(throws: SchedulerError.self) {
                try await executor.execute(.shell("") { $0.command = nil })
            }
            #expect(error?.code == .validation)
        }
    }

    @Test("a program is looked up in the task's own PATH")
    func ownPath() async throws {
        let folder = try TemporaryFolder()
        // A link rather than a script: a file that this process has just written may be busy in a child being started.
        try FileManager.default.createSymbolicLink(atPath: folder.file("greet"), withDestinationPath: "/bin/echo")
        let found = try await executors.command.execute(
            .command("greet", "hello") { $0.environment = ["PATH": "/no/such:\(folder.path)"] })
        #expect(found.stdout == "hello\n")
        await #expect(throws: SchedulerError.self) { try await executors.command.execute(.command("greet")) }
    }

    @Test("a variable that no environment can hold is a VALIDATION_ERROR", arguments: ["", "A=B", "A\0B"])
    func wrongVariable(name: String) async throws {
        let error = await #expect(throws: SchedulerError.self) {
            try await executors.shell.execute(.shell("true") { $0.environment = [name: "x"] })
        }
        #expect(error?.code == .validation)
    }

    @Test("output that is no UTF-8 or holds NUL is repaired")
    func repaired() async throws {
        let result = try await executors.shell.execute(.shell(#"printf 'a\377b\000c'"#))
        #expect(result.result?["stdout"] == "a\u{FFFD}b\u{FFFD}c")
        #expect(result.result?.containsNUL == false)
    }

    @Test("50 MB of output are read to the end, and cut where they are kept")
    func largeOutput() async throws {
        let result = try await executors.shell.execute(
            .shell("echo first; head -c 50000000 /dev/zero | tr '\\0' x; echo last"))
        #expect(result.success)
        for text in [result.stdout, result.result?["stdout"]?.string ?? ""] {
            #expect(text.hasPrefix("first\n"))
            #expect(text.hasSuffix("last\n"))
            #expect(text.contains("bytes cut"))
        }
        #expect(result.stdout.utf8.count < CapturedOutput.resultLimit + 100)
        #expect((result.result?["stdout"]?.string ?? "").utf8.count < CapturedOutput.resultLimit + 100)
    }

    @Test("200 processes run side by side")
    func many() async throws {
        let began = ContinuousClock.now
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 {
                group.addTask { try await executors.shell.execute(.shell("sleep 0.5; echo $$")).success }
            }
            for try await success in group { #expect(success) }
        }
        #expect(ContinuousClock.now - began < .seconds(20))
    }
}
