import Glibc
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("The keeper")
struct KeeperTests {
    /// A command that starts a grandchild in a session of its own, whose parent is gone, and waits.
    private func detaching(_ folder: TemporaryFolder) -> String {
        """
        (setsid sh -c 'trap "" TERM HUP; echo $$ > "\(folder.file("grandchild"))"; while :; do sleep 60; done' &)
        while [ ! -s '\(folder.file("grandchild"))' ]; do sleep 0.01; done
        echo $PPID > '\(folder.file("keeper"))'; echo $$ > '\(folder.file("leader"))'
        """
    }

    private func number(_ file: String) throws -> Int32 {
        try #require(TemporaryFolder.lines(of: file).first.flatMap { Int32($0) })
    }

    @Test("a grandchild that left the session dies with its task, though it ignores SIGTERM")
    func detached() async throws {
        let folder = try TemporaryFolder()
        let result = try await ProcessExecutors().shell.execute(.shell(detaching(folder)))
        #expect(result.success)
        #expect(!processExists(try number(folder.file("grandchild"))))
    }

    @Test("a grandchild that left the session dies when its task is stopped")
    func detachedAndStopped() async throws {
        let folder = try TemporaryFolder()
        let executors = try ProcessExecutors()
        let work = Task { try await executors.shell.execute(.shell(detaching(folder) + "\nsleep 60")) }
        try await eventually("the task runs") { !TemporaryFolder.lines(of: folder.file("leader")).isEmpty }
        work.cancel()
        #expect(try await work.value.success == false)
        #expect(!processExists(try number(folder.file("grandchild"))))
    }

    @Test(
        "of thousands of processes that end at once every one is heard of, though the keeper is faster than its worker")
    func fastEnds() async throws {
        let executors = try ProcessExecutors()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<3_000 {
                if number >= 400 { #expect(try await group.next() == true) }
                group.addTask { try await executors.command.execute(.command("/bin/true")).success }
            }
            for try await success in group { #expect(success) }
        }
    }

    @Test("a detached grandchild of one task dies with it while another task goes on")
    func neighbours() async throws {
        let folder = try TemporaryFolder()
        let executors = try ProcessExecutors()
        let go = folder.file("go")
        let neighbour = Task {
            try await executors.shell.execute(
                .shell("(setsid sleep 60 &) ; while [ ! -e '\(go)' ]; do sleep 0.01; done; echo well"))
        }
        _ = try await executors.shell.execute(.shell(detaching(folder)))
        #expect(!processExists(try number(folder.file("grandchild"))))
        #expect(try await executors.shell.execute(.shell(": > '\(go)'")).success)
        #expect(try await neighbour.value.stdout == "well\n")
    }

    @Test("the parent of a task is a process of its own, without the worker's environment")
    func parent() async throws {
        #expect(setenv("SCHEDULER_TEST_SECRET", "a password of ours", 1) == 0)
        let result = try await ProcessExecutors().shell.execute(
            .shell("tr '\\0' '\\n' < /proc/$PPID/environ; tr '\\0' ' ' < /proc/$PPID/cmdline; echo; echo $PPID"))
        #expect(!result.stdout.contains("a password of ours"))
        #expect(result.stdout.contains("scheduler keeper"))
        #expect(!result.stdout.hasSuffix("\n\(getpid())\n"))
    }

    @Test("when the keeper is killed its tasks die, their attempts are SYSTEM_ERRORs, and the next task gets another")
    func keeperKilled() async throws {
        let folder = try TemporaryFolder()
        let executors = try ProcessExecutors()
        let works = (0..<3).map { number in
            Task {
                try await executors.shell.execute(
                    .shell("echo $$ > '\(folder.file("leader-\(number)"))'; \(detaching(folder)); sleep 60 & wait"))
            }
        }
        try await eventually("all tasks run") {
            (0..<3).allSatisfy { !TemporaryFolder.lines(of: folder.file("leader-\($0)")).isEmpty }
                && !TemporaryFolder.lines(of: folder.file("keeper")).isEmpty
        }
        let keeper = try number(folder.file("keeper"))
        #expect(kill(keeper, SIGKILL) == 0)
        for work in works {
            let error = await #expect(throws: SchedulerError.self) { _ = try await work.value }
            #expect(error?.code == .execution)
            #expect(
                error?.message == "the process was lost: the keeper of the worker's processes died, and they with it")
        }
        for leader in 0..<3 {
            let pid = try number(folder.file("leader-\(leader)"))
            try await eventually("a leader is gone") { !processExists(pid) }
        }
        #expect(try await executors.shell.execute(.shell("echo again")).stdout == "again\n")
        // The tests' process adopts nothing, so what had left its session is killed by hand here.
        _ = kill(try number(folder.file("grandchild")), SIGKILL)
    }

    @Test("a keeper that a task stopped is found out and killed, though nobody asks for an end, and its tasks with it")
    func keeperStopped() async throws {
        let folder = try TemporaryFolder()
        let executors = try ProcessExecutors { $0.keeperPatience = .seconds(3) }
        let error = await #expect(throws: SchedulerError.self) {
            _ = try await executors.shell.execute(
                .shell("echo $$ > '\(folder.file("leader"))'; kill -STOP $PPID; sleep 600"))
        }
        #expect(error?.message.contains("the keeper of the worker's processes died") == true)
        let leader = try number(folder.file("leader"))
        try await eventually("the task is gone") { !processExists(leader) }
        #expect(try await executors.shell.execute(.shell("echo again")).stdout == "again\n")
    }

    @Test("a task that another one of its processes traces ends with its own exit code")
    func traced() async throws {
        let folder = try TemporaryFolder()
        // The tracer is in a session of its own, so that it outlives the group.
        let tracer = """
            import ctypes, os, sys, time
            os.setsid()
            libc = ctypes.CDLL(None, use_errno=True)
            assert libc.ptrace(0x4206, int(sys.argv[1]), 0, 0) == 0, ctypes.get_errno()
            open(sys.argv[2], "w").close()
            time.sleep(600)
            """
        let result = try await ProcessExecutors().shell.execute(
            .shell("python3 -c \"$1\" $$ \"$2\" & while [ ! -e \"$2\" ]; do :; done; exit 3") {
                $0.arguments = [.string(tracer), .string(folder.file("traced"))]
            })
        #expect(result.exitCode == 3)
        #expect(result.error?.type == .system)
    }

    @Test("a task that stops itself is no reason to wait, and ends when it is cancelled")
    func stopped() async throws {
        let folder = try TemporaryFolder()
        let executors = try ProcessExecutors(killGrace: .milliseconds(200))
        let pids = try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<3 {
                group.addTask {
                    _ = try? await executors.shell.execute(
                        .shell("echo $$ > '\(folder.file("\(number)"))'; kill -STOP $$; sleep 600"))
                }
            }
            try await eventually("all are stopped") {
                (0..<3).allSatisfy { !TemporaryFolder.lines(of: folder.file("\($0)")).isEmpty }
            }
            #expect(try await executors.shell.execute(.shell("echo well")).stdout == "well\n")
            group.cancelAll()
            return try (0..<3).map { try number(folder.file("\($0)")) }
        }
        for pid in pids { #expect(!processExists(pid)) }
    }

    @Test("without a keeper a task fails and says what is missing")
    func noKeeper() async throws {
        let executors = try ProcessExecutors { $0.keeper = nil }
        let error = await #expect(throws: SchedulerError.self) { _ = try await executors.shell.execute(.shell("true")) }
        #expect(error?.message.contains("embedded without a keeper") == true)
    }

    @Test("a keeper that cannot be executed is named")
    func wrongKeeper() async throws {
        let executors = try ProcessExecutors { $0.keeper = .init(path: "/nowhere/scheduler") }
        let error = await #expect(throws: SchedulerError.self) { _ = try await executors.shell.execute(.shell("true")) }
        #expect(error?.message.contains("/nowhere/scheduler cannot be started: No such file or directory") == true)
    }

    @Test("the keeper ends with its runner")
    func ends() async throws {
        let folder = try TemporaryFolder()
        do {
            let executors = try ProcessExecutors()
            _ = try await executors.shell.execute(.shell("echo $PPID > '\(folder.file("keeper"))'"))
        }
        let keeper = try number(folder.file("keeper"))
        try await eventually("the keeper is gone") { !processExists(keeper) }
    }

    @Test("started by hand it says who starts it")
    func byHand() async throws {
        let result = try await ProcessExecutors().command.execute(
            .command(try SchedulerBinary.path(), "keeper"))
        #expect(result.exitCode == 2)
        #expect(result.stderr.contains("a keeper is started by its worker"))
    }
}
