import Foundation
import SchedulerDomain
import SchedulerTestingUtils

/// The distributed form as real processes on servers of one test's own: PostgreSQL, RabbitMQ, one api, two dispatchers,
/// three workers.
struct DistributedSystem: Sendable {
    let postgres: PrivateServer
    let broker: PrivateServer
    let folder: URL
    /// Of every process.
    let environment: [String: String]
    let api: APIClient
    let apiProcess: SchedulerProcess
    let dispatchers: [SchedulerProcess]
    let workers: [SchedulerProcess]

    /// Starts it, runs the body, and stops it in any case.
    static func run(
        environment: [String: String] = [:], dispatchers: Int = 2, workers: Int = 3,
        _ body: @Sendable (DistributedSystem) async throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            try await TestContainers.withServer(.postgres) { postgres in
                try await TestContainers.withServer(.rabbitmq) { broker in
                    let system = try await start(
                        in: folder, postgres, broker, environment, dispatchers: dispatchers, workers: workers)
                    let result: Result<Void, any Error>
                    do { result = .success(try await body(system)) } catch { result = .failure(error) }
                    await system.stop()
                    if case .failure(let error) = result { throw TestFailure("\(error)\n\(system.logs)") }
                }
            }
        }
    }

    private static func start(
        in folder: URL, _ postgres: PrivateServer, _ broker: PrivateServer, _ extra: [String: String],
        dispatchers: Int, workers: Int
    ) async throws -> DistributedSystem {
        let port = try freePort()
        let environment = [
            "DATABASE_URL": postgres.url, "RABBITMQ_URL": broker.url, "SCHEDULER_API_PORT": "\(port)",
            "SCHEDULER_WORKER_HEARTBEAT_SECONDS": "0.5", "SCHEDULER_WORKER_LEASE_SECONDS": "3",
            "SCHEDULER_WORKER_MAX_CONCURRENT_TASKS": "64", "SCHEDULER_DISPATCHER_UNCLAIMED_SECONDS": "5",
            "SCHEDULER_DISPATCHER_LEADER_TERM_SECONDS": "3", "SCHEDULER_WORKER_ALLOW_ROOT_TASKS": "true",
            "SCHEDULER_WORKER_APPEND_FUNCTION": "true",
        ].merging(extra) { _, given in given }
        let migrate = try SchedulerProcess(["migrate", "up"], environment: environment, logIn: folder)
        guard try await migrate.exitCode() == 0 else { throw TestFailure("migrate up failed: \(migrate.output)") }
        func process(_ role: String, _ number: Int) throws -> SchedulerProcess {
            try SchedulerProcess([role], environment: environment, logIn: folder, name: "\(role)-\(number)")
        }
        let system = DistributedSystem(
            postgres: postgres, broker: broker, folder: folder, environment: environment, api: APIClient(port: port),
            apiProcess: try process("api", 1), dispatchers: try (1...dispatchers).map { try process("dispatcher", $0) },
            workers: try (1...workers).map { try process("worker", $0) })
        try await system.api.waitUntilReady()
        try await eventually("\(workers) workers are online") {
            try await system.onlineWorkers() == workers
        }
        return system
    }

    /// Starts one more process of a role; whoever asks for it ends it.
    func start(_ role: String, name: String, _ extra: [String: String] = [:]) throws -> SchedulerProcess {
        try SchedulerProcess(
            [role], environment: environment.merging(extra) { _, given in given }, logIn: folder, name: name)
    }

    var processes: [SchedulerProcess] { [apiProcess] + dispatchers + workers }

    func stop() async {
        await withTaskGroup { group in
            for process in processes { group.addTask { await process.stop() } }
        }
    }

    func onlineWorkers() async throws -> Int {
        try await api.data("GET", "/api/workers").array?.filter { $0["status"] != "offline" }.count ?? 0
    }

    /// The end of each process's log, for the message of a failure.
    var logs: String {
        processes.map { "--- \($0.name)\n\($0.output.suffix(3_000))" }.joined(separator: "\n")
    }

    /// Waits until no run of the task is unfinished, and returns them all.
    func runsAtTheEnd(of task: Int64, within limit: Duration) async throws -> [JSONValue] {
        try await eventually("every run of task \(task) has ended", within: limit, every: .milliseconds(250)) {
            for status in DistributedSystem.liveStates {
                // The API may be away for a moment while a server restarts.
                guard
                    let page = try? await api.data("GET", "/api/task-runs?task_id=\(task)&status=\(status)&limit=1"),
                    page.array?.isEmpty ?? false
                else { return false }
            }
            // A run that was taken back between two of these questions was in none of the answers.
            guard let runs = try? await api.runs(of: task) else { return false }
            return !runs.contains { DistributedSystem.liveStates.contains($0["status"]?.string ?? "") }
        }
        return try await api.runs(of: task)
    }

    private static let liveStates = ["pending", "dispatched", "running"]
}
