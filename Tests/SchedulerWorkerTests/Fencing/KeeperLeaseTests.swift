import SchedulerDomain
import Testing

@testable import SchedulerWorker

@Suite("The keeper and the worker's lease")
struct KeeperLeaseTests {
    private func deadline(in time: Duration, grace: Duration = .seconds(3)) -> LeaseDeadline {
        LeaseDeadline(stopAt: .now + time, grace: grace)
    }

    @Test("when the deadline passes every task gets SIGTERM, after the grace SIGKILL, and none counts as failed")
    func passes() async throws {
        let folder = try TemporaryFolder()
        let executors = try ProcessExecutors(killGrace: .seconds(600))
        let works = (0..<3).map { number in
            Task {
                try await executors.shell.execute(
                    .shell(
                        """
                        trap 'echo told > "\(folder.file("told-\(number)"))"' TERM
                        echo $$ > '\(folder.file("pid-\(number)"))'
                        while :; do sleep 0.05; done
                        """))
            }
        }
        try await eventually("all run") {
            (0..<3).allSatisfy { !TemporaryFolder.lines(of: folder.file("pid-\($0)")).isEmpty }
        }
        executors.runner.enforce(deadline(in: .milliseconds(100)))
        for work in works { await #expect(throws: FencedProcess.self) { _ = try await work.value } }
        for number in 0..<3 {
            #expect(TemporaryFolder.lines(of: folder.file("told-\(number)")) == ["told"])
            let pid = try #require(TemporaryFolder.lines(of: folder.file("pid-\(number)")).first.flatMap { Int32($0) })
            #expect(!processExists(pid))
        }
    }

    @Test("what was told to stop with a longer grace has no longer than the lease either")
    func shortensGrace() async throws {
        let folder = try TemporaryFolder()
        let executors = try ProcessExecutors(killGrace: .seconds(600))
        let work = Task {
            try await executors.shell.execute(
                .shell(
                    "trap '' TERM; echo $$ > '\(folder.file("pid"))'; while :; do sleep 0.05; done"))
        }
        try await eventually("it runs") { !TemporaryFolder.lines(of: folder.file("pid")).isEmpty }
        work.cancel()
        executors.runner.enforce(deadline(in: .zero, grace: .milliseconds(200)))
        // Whichever of the two came first was what stopped it.
        switch await work.result {
        case .success(let result): #expect(result.error?.message == "stopped: killed by signal SIGKILL")
        case .failure(let error): #expect(error is FencedProcess)
        }
    }

    @Test("a later deadline in time prevents it")
    func renewed() async throws {
        let executors = try ProcessExecutors()
        executors.runner.enforce(deadline(in: .seconds(60)))
        let work = Task { try await executors.shell.execute(.shell("sleep 1; echo well")) }
        executors.runner.enforce(deadline(in: .milliseconds(500)))
        executors.runner.enforce(deadline(in: .seconds(60)))
        #expect(try await work.value.stdout == "well\n")
    }

    @Test("after the deadline nothing starts, not even with a new keeper, until there is a later one")
    func startsNothing() async throws {
        let executors = try ProcessExecutors()
        executors.runner.enforce(deadline(in: .seconds(-1)))
        for _ in 0..<2 {
            await #expect(throws: CancellationError.self) { _ = try await executors.shell.execute(.shell("true")) }
        }
        executors.runner.enforce(deadline(in: .seconds(60)))
        #expect(try await executors.shell.execute(.shell("true")).success)
    }

    @Test("without a deadline nothing is enforced")
    func none() async throws {
        #expect(try await ProcessExecutors().shell.execute(.shell("sleep 1.5")).success)
    }

    @Test("a registry passes the deadline on to the keeper of its executors")
    func registry() async throws {
        let registry = ExecutorFactory(processes: try .forTests(killGrace: .seconds(1))).makeRegistry()
        registry.enforce(deadline(in: .seconds(-1)))
        let shell = try #require(registry.executor(named: "shell"))
        await #expect(throws: CancellationError.self) { _ = try await shell.execute(.shell("true")) }
    }
}
