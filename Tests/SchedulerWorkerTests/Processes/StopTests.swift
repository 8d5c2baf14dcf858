import SchedulerDomain
import SchedulerErrors
import Testing

@testable import SchedulerWorker

@Suite("Stopping a process")
struct StopTests {
    /// Runs a command, waits until it has written `ready` files, cancels it and returns what came of it.
    private func cancelled(
        _ executors: ProcessExecutors, _ command: String, ready: String
    ) async throws -> TaskResult {
        let work = Task { try await executors.shell.execute(.shell(command)) }
        try await eventually("the process is ready") { !TemporaryFolder.lines(of: ready).isEmpty }
        work.cancel()
        return try await work.value
    }

    @Test("a process that obeys SIGTERM ends at once and keeps what it said")
    func obeys() async throws {
        let folder = try TemporaryFolder()
        let executors = try ProcessExecutors(killGrace: .seconds(30))
        let began = ContinuousClock.now
        let result = try await cancelled(
            executors, "echo begun; echo x > '\(folder.file("ready"))'; sleep 60", ready: folder.file("ready"))
        #expect(ContinuousClock.now - began < .seconds(10))
        #expect(!result.success)
        #expect(result.error?.message == "stopped: killed by signal SIGTERM")
        #expect(result.stdout == "begun\n")
    }

    @Test("a process that leaves with 0 after SIGTERM has still not done its work")
    func leavesWithZero() async throws {
        let folder = try TemporaryFolder()
        let result = try await cancelled(
            try ProcessExecutors(killGrace: .seconds(30)),
            "trap 'exit 0' TERM; echo x > '\(folder.file("ready"))'; while :; do sleep 0.05; done",
            ready: folder.file("ready"))
        #expect(!result.success)
        #expect(result.exitCode == 0)
    }

    @Test("a process that ignores SIGTERM is killed after the grace period")
    func ignores() async throws {
        let folder = try TemporaryFolder()
        let result = try await cancelled(
            try ProcessExecutors(), "trap '' TERM; echo x > '\(folder.file("ready"))'; while :; do sleep 60; done",
            ready: folder.file("ready"))
        #expect(result.error?.message == "stopped: killed by signal SIGKILL")
    }

    @Test("a grandchild that ignores SIGTERM is killed although its leader obeyed")
    func killsGrandchild() async throws {
        let folder = try TemporaryFolder()
        let file = folder.file("pid")
        _ = try await cancelled(
            try ProcessExecutors(), "(trap '' TERM; sh -c 'echo $PPID' > '\(file)'; while :; do sleep 60; done) & wait",
            ready: file)
        let pid = try #require(TemporaryFolder.lines(of: file).first.flatMap { Int32($0) })
        try await eventually("the grandchild is gone") { !processExists(pid) }
    }

    @Test("a grandchild that cleans up gets the grace period although its leader is gone")
    func graceForTheGroup() async throws {
        let folder = try TemporaryFolder()
        let file = folder.file("ready")
        let result = try await cancelled(
            try ProcessExecutors(killGrace: .seconds(30)),
            "sh -c 'trap \"sleep 0.2; echo cleaned; exit 0\" TERM; echo x > \"\(file)\"; while :; do sleep 0.05; done'"
                + "; :",
            ready: file)
        #expect(result.stdout == "cleaned\n")
    }

    @Test("what a process leaves behind in its group is killed when it ends by itself")
    func killsLeftovers() async throws {
        let folder = try TemporaryFolder()
        let file = folder.file("pid")
        let result = try await ProcessExecutors().shell.execute(.shell("sleep 60 & echo $! > '\(file)'; echo done"))
        #expect(result.success)
        #expect(result.stdout == "done\n")
        let pid = try #require(TemporaryFolder.lines(of: file).first.flatMap { Int32($0) })
        try await eventually("the leftover is gone") { !processExists(pid) }
    }

    @Test("a descendant that left the group and holds the pipe does not hold the run")
    func escapedDescendant() async throws {
        let folder = try TemporaryFolder()
        let file = folder.file("pid")
        let began = ContinuousClock.now
        let result = try await ProcessExecutors().shell.execute(
            .shell(
                "setsid sh -c 'echo $$ > \"\(file)\"; exec sleep 20' & while [ ! -s '\(file)' ]; do :; done; echo done")
        )
        #expect(result.success)
        #expect(result.stdout == "done\n")
        #expect(ContinuousClock.now - began < .seconds(15))
    }

    @Test("a run that is cancelled before its process starts throws")
    func cancelledBeforeStart() async throws {
        let executors = try ProcessExecutors()
        let work = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await executors.shell.execute(.shell("echo hello"))
        }
        await #expect(throws: CancellationError.self) { try await work.value }
    }
}
