import Foundation
import SchedulerDomain
import SchedulerTestingUtils
import Synchronization
import Testing

/// One system at a time: each starts two servers and six processes.
@Suite(
    "The distributed form", .serialized, .enabled(if: TestContainers.canStartServers, "needs PostgreSQL and RabbitMQ"))
struct DistributedTests {
    @Test("killing one dispatcher and one worker leaves no second without its run and no run that never ends")
    func killDispatcherAndWorker() async throws {
        try await DistributedSystem.run { system in
            let tick = Tick(["name": "tick", "executor": "shell", "command": "date"])
            let task = try await system.api.createTask(tick.everySecond)
            try await eventually("the first runs completed") {
                try await system.api.runs(of: task, status: "completed").count >= 3
            }
            system.dispatchers[0].killNow()
            system.workers[0].killNow()
            try await eventually("the store shows the worker offline", within: .seconds(30)) {
                try await system.onlineWorkers() == 2
            }
            let before = try await system.api.runs(of: task, status: "completed").count
            try await eventually("five more runs completed", within: .seconds(60)) {
                try await system.api.runs(of: task, status: "completed").count >= before + 5
            }
            _ = try await system.api.data("PUT", "/api/tasks/\(task)", tick.ended)
            let runs = try await system.runsAtTheEnd(of: task, within: .seconds(60))
            let seconds = runs.compactMap { $0["scheduled_at"]?.string.flatMap { UTCInstant($0) }?.secondsSinceEpoch }
                .sorted()
            #expect(seconds == Array(seconds[0]...seconds[seconds.count - 1]), "one run for each second, none twice")
            #expect(runs.allSatisfy { $0["status"] == "completed" })
        }
    }

    @Test("a dispatcher stopped for longer than its term, and continued, makes no fire twice and loses none")
    func stoppedDispatcher() async throws {
        try await DistributedSystem.run { system in
            var ticks: [(task: Int64, tick: Tick)] = []
            for number in 0..<20 {
                let tick = Tick([
                    "name": .string("tick-\(number)"), "executor": "function", "config": ["name": "noop"],
                ])
                ticks.append((try await system.api.createTask(tick.everySecond), tick))
            }
            let last = ticks[ticks.count - 1].task
            func moreRuns(_ count: Int) async throws {
                let before = try await system.api.runs(of: last).count
                try await eventually("\(count) more seconds have fired", within: .seconds(60)) {
                    try await system.api.runs(of: last).count >= before + count
                }
            }
            for dispatcher in system.dispatchers {
                try await moreRuns(2)
                dispatcher.suspend()
                try await moreRuns(7)
                dispatcher.resume()
            }
            try await moreRuns(2)
            for (task, tick) in ticks { _ = try await system.api.data("PUT", "/api/tasks/\(task)", tick.ended) }
            for (task, _) in ticks {
                let runs = try await system.runsAtTheEnd(of: task, within: .seconds(60))
                let seconds = runs.compactMap {
                    $0["scheduled_at"]?.string.flatMap { UTCInstant($0) }?.secondsSinceEpoch
                }
                .sorted()
                #expect(seconds == Array(seconds[0]...seconds[seconds.count - 1]), "one run for each second")
            }
        }
    }

    @Test("runs survive restarts of both servers and purged queues, and no attempt starts twice")
    func serversRestart() async throws {
        try await DistributedSystem.run { system in
            let file = system.folder.appendingPathComponent("starts").path
            let task = try await system.api.createTask([
                "name": "append", "executor": "function", "max_concurrent": 0,
                "config": ["name": "append", "parameters": ["path": .string(file)]],
            ])
            // `SCHEDULER_TEST_RUNS=10000` makes it as long as one likes.
            let least = ProcessInfo.processInfo.environment["SCHEDULER_TEST_RUNS"].flatMap { Int($0) } ?? 0
            let load = Load(api: system.api, task: task, atLeast: least)
            async let accepted = load.run()
            try await grows(file, "runs start")
            try await system.broker.restart()
            try await grows(file, "runs go on after the broker's restart")
            for queue in try await queues(of: system.broker) {
                _ = try await system.broker.control("purge_queue", queue)
            }
            try await grows(file, "runs go on after the queues were purged")
            try await system.postgres.restart()
            try await grows(file, "runs go on after the database's restart")
            load.stop()

            let total = try await accepted
            let runs = try await system.runsAtTheEnd(of: task, within: .seconds(120))
            #expect(runs.count == total)
            #expect(runs.allSatisfy { $0["status"] == "completed" })
            let started = starts(in: file)
            #expect(Set(started).count == started.count, "no attempt started twice")
            let stored = runs.flatMap { run in
                (1...Int(run["attempt"]?.integer ?? 0)).map { "\(run["id"]?.string ?? "") \($0)" }
            }
            #expect(Set(started) == Set(stored), "the file and the store tell the same")
        }
    }

    @Test("each role ends cleanly on SIGTERM, and says so by exit code 0")
    func terminate() async throws {
        try await DistributedSystem.run { system in
            for process in system.processes { process.terminate() }
            for process in system.processes {
                let code = try await process.exitCode()
                #expect(code == 0, "\(process.name): \(process.output.suffix(2_000))")
            }
        }
    }

    /// Waits until a hundred more runs have started than now.
    private func grows(_ file: String, _ what: String) async throws {
        let before = starts(in: file).count
        try await eventually(what, within: .seconds(60)) { starts(in: file).count >= before + 100 }
    }

    private func starts(in file: String) -> [String] {
        ((try? String(contentsOfFile: file, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }

    private func queues(of broker: PrivateServer) async throws -> [String] {
        try await broker.control("-q", "list_queues", "name", "--no-table-headers").split(separator: "\n").map(
            String.init
        )
        .filter { $0.hasPrefix("task.") || $0 == "status" || $0.hasPrefix("worker.") }
    }
}

/// A task that fires every second until it is told to end.
///
/// Its end is another schedule and no pause, which would hold the runs that wait.
private struct Tick {
    private let fields: [String: JSONValue]

    init(_ fields: [String: JSONValue]) { self.fields = fields }

    var everySecond: JSONValue { schedule("* * * * * *") }
    var ended: JSONValue { schedule("0 0 0 29 2 *") }

    private func schedule(_ schedule: JSONValue) -> JSONValue {
        .object(fields.merging(["schedule": schedule]) { $1 })
    }
}

/// Runs triggered again and again, in batches of fifty, until it is stopped and there are enough.
private final class Load: Sendable {
    private let api: APIClient
    private let batch: JSONValue
    private let least: Int
    private let isStopped = Mutex(false)

    init(api: APIClient, task: Int64, atLeast least: Int) {
        self.api = api
        self.least = least
        batch = ["runs": .array(Array(repeating: ["task_id": .integer(task)], count: 50))]
    }

    func stop() { isStopped.withLock { $0 = true } }

    /// Returns how many runs the API has accepted.
    ///
    /// A batch that it refused was not created: a lost answer of the store is looked into by the API itself.
    func run() async throws -> Int {
        var accepted = 0
        while !isStopped.withLock({ $0 }) || accepted < least {
            let answer = try await api.send("POST", "/api/task-runs/batch", batch)
            if answer.status == 202 { accepted += 50 }
            #expect(answer.status == 202 || answer.body["error"]?["code"] != "OUTCOME_UNKNOWN")
            try await Task.sleep(for: .milliseconds(200))
        }
        return accepted
    }
}
