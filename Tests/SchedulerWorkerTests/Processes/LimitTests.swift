import Glibc
import SchedulerDomain
import SchedulerErrors
import Testing

@testable import SchedulerWorker

@Suite("Limits of a process")
struct LimitTests {
    private func run(
        _ command: String, _ limits: ResourceLimits, as user: TaskUser? = nil, killGrace: Duration = .seconds(5)
    ) async throws -> TaskResult {
        let executors = try ProcessExecutors(killGrace: killGrace) { $0.user = user }
        return try await executors.shell.execute(.shell(command) { $0.limits = limits })
    }

    @Test("max_memory_mb makes an allocation fail in the task, and only there")
    func memory() async throws {
        let script = "python3 -c 'x = bytearray(500_000_000)'"
        let result = try await run(script, ResourceLimits(maxMemoryMegabytes: 100), as: Unprivileged.user(61_004))
        #expect(!result.success)
        #expect(result.stderr.contains("MemoryError"))
        #expect(try await run(script, ResourceLimits(maxMemoryMegabytes: 1_000)).success)
    }

    @Test("max_cpu_seconds ends a task that computes, and says so")
    func cpu() async throws {
        let result = try await run("while :; do :; done", ResourceLimits(maxCPUSeconds: 1))
        #expect(result.error?.type == .system)
        #expect(result.error?.message == "killed by signal SIGXCPU: it used more CPU time than its max_cpu_seconds")
        #expect(try #require(result.usage).cpuTime >= .milliseconds(500))
    }

    @Test("max_open_files is what the task sees, and 1,024 where it names none")
    func files() async throws {
        #expect(try await run("ulimit -n", ResourceLimits(maxOpenFiles: 77)).stdout == "77\n")
        let usual = try await run("ulimit -n", ResourceLimits()).stdout
        #expect(Int(usual.dropLast()) ?? .max <= 1_024)
    }

    @Test("peak memory and CPU time are those of the task and the children it waited for")
    func usage() async throws {
        let result = try await run("python3 -c 'x = bytearray(60_000_000); sum(range(3_000_000))'; true", .init())
        let usage = try #require(result.usage)
        #expect((60..<200).contains(usage.peakMemoryMegabytes))
        #expect(usage.cpuTime > .milliseconds(20))
    }

    @Test("the peak memory of a small task is its own, not that of the process that starts it")
    func smallTask() async throws {
        let usage = try #require(try await run("true", ResourceLimits()).usage)
        let keeper = try await run("awk '/^VmRSS/ { print $2 }' /proc/$PPID/status", ResourceLimits()).stdout
        // A debug build's keeper has touched tens of megabytes while it was linked.
        #expect(usage.peakMemoryBytes < 20 * 1_048_576, "the keeper has \(keeper)")
    }

    @Test(
        "a fork bomb stays within its limit and leaves nothing, though each of its processes leaves its session",
        arguments: [false, true])
    func forkBomb(leavesSession: Bool) async throws {
        let user = Unprivileged.user(leavesSession ? 61_001 : 61_002)
        let marker = "BOMB_\(UInt64.random(in: 0...UInt64.max))"
        let executors = try ProcessExecutors(killGrace: .milliseconds(200)) { $0.user = user }
        let bomb = """
            import os, time
            while True:
                try:
                    if os.fork() == 0 and \(leavesSession ? "True" : "False"): os.setsid()
                except OSError: time.sleep(0.01)
            """
        let context = RunContext.command("python3", "-c", .string(bomb)) { spec in
            spec.environment = ["MARKER": marker]
            spec.limits = ResourceLimits(maxProcesses: Unprivileged.processes(40, of: user))
        }
        let work = Task { try await executors.command.execute(context) }
        try await eventually("the bomb is as large as it may be") { processesMarked(marker).count >= 30 }
        #expect(processesMarked(marker).count <= 41)
        work.cancel()
        #expect(try await work.value.success == false)
        #expect(processesMarked(marker) == [])
    }
}
