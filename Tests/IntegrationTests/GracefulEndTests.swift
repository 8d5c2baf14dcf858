import Foundation
import SchedulerDomain
import SchedulerFoundation
import SchedulerTestingUtils
import Testing

@Suite(
    "The end of a role", .serialized, .enabled(if: TestContainers.canStartServers, "needs PostgreSQL and RabbitMQ"))
struct GracefulEndTests {
    @Test("SIGTERM to a role that waits for its store ends it at once, with exit code 0", arguments: allRoles)
    func whileStarting(role: String) async throws {
        let server = try SilentServer()
        defer { server.close() }
        try await withTemporaryFolder { folder in
            let process = try SchedulerProcess(
                [role],
                environment: [
                    "DATABASE_URL": "postgres://me@127.0.0.1:\(server.port)/db",
                    "RABBITMQ_URL": "amqp://127.0.0.1:\(server.port)",
                    "SCHEDULER_DATABASE_CONNECT_TIMEOUT_SECONDS": "60", "SCHEDULER_WORKER_ALLOW_ROOT_TASKS": "true",
                ], logIn: folder)
            try await eventually("it waits for its store") { server.hasCaller }
            process.terminate()
            #expect(try await process.exitCode(within: .seconds(5)) == 0, "\(process.output)")
        }
    }

    @Test("a second SIGTERM neither kills a role nor keeps it from finishing what runs")
    func secondSignal() async throws {
        try await DistributedSystem.run(dispatchers: 1, workers: 1) { system in
            let task = try await system.api.createTask([
                "name": "slow", "executor": "shell", "command": "sleep 2", "max_concurrent": 0,
            ])
            for _ in 1...5 { _ = try await system.api.data("POST", "/api/tasks/\(task)/trigger") }
            try await eventually("they run") {
                try await system.api.runs(of: task, status: "running").count == 5
            }
            try await terminateTwice(system.workers)
            let runs = try await system.runsAtTheEnd(of: task, within: .seconds(10))
            #expect(runs.filter { $0["status"] != "completed" || $0["attempt"] != 1 } == [])
            try await terminateTwice(system.dispatchers + [system.apiProcess])
        }
    }

    @Test("a rolling restart of every process under load loses no run and fails none")
    func rollingRestart() async throws {
        try await DistributedSystem.run(dispatchers: 1, workers: 1) { system in
            var course = try await CrashCourse(system, .crash)
            let result: Result<Void, any Error>
            do {
                for _ in 1...2 {
                    for role in ["api", "dispatcher", "worker"] { try await course.replace(role) }
                }
                try await course.stopTicking()
                let ticks = try await system.runsAtTheEnd(of: course.tick, within: .seconds(30))
                let work = try await system.runsAtTheEnd(of: course.work, within: .seconds(30))
                let wrong = (ticks + work).filter {
                    $0["status"] != "completed" || $0["attempt"] != 1 || $0["crashes"] != 0 || $0["retry_count"] != 0
                }
                #expect(wrong == [])
                #expect(course.accepted.subtracting(work.compactMap { $0["id"]?.string }) == [])
                let seconds = ticks.compactMap { $0["scheduled_at"]?.string.flatMap { UTCInstant($0) } }
                    .map(\.secondsSinceEpoch).sorted()
                #expect(seconds == Array(seconds[0]...seconds[seconds.count - 1]), "one run for each second")
                try await course.expectCleanEnds()
                result = .success(())
            } catch {
                result = .failure(TestFailure("\(error)\n\(await course.leftovers())\n\(course.logs)"))
            }
            await course.stop()
            try result.get()
        }
    }

    private static let allRoles = ["api", "dispatcher", "worker"]

    private func terminateTwice(_ processes: [SchedulerProcess]) async throws {
        for _ in 1...2 {
            for process in processes { process.terminate() }
            try await Task.sleep(for: .milliseconds(100))
        }
        for process in processes {
            #expect(try await process.exitCode(within: .seconds(30)) == 0, "\(process.name): \(process.output)")
        }
    }
}

/// A port that takes connections and says nothing.
private final class SilentServer: Sendable {
    let port: Int
    private let descriptor: Int32

    init() throws {
        port = try freePort()
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isListening = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 && listen(descriptor, 16) == 0
            }
        }
        guard isListening else { throw TestFailure("cannot listen on port \(port)") }
    }

    /// Whether somebody has connected.
    var hasCaller: Bool {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, 0) > 0
    }

    func close() { _ = Foundation.close(descriptor) }
}
