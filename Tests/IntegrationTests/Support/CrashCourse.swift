import Foundation
import SchedulerDomain
import SchedulerFoundation
import SchedulerTestingUtils
import Testing

/// One distributed system that is led through crashes or errors at fail points, one after the other.
///
/// Each is that of a process with an armed point beside one of the same role without. A crashed one is started again
/// unarmed; then it takes the place of the other, which ends in order.
struct CrashCourse {
    private static let patience = Duration.seconds(30)

    let system: DistributedSystem
    let action: FailPointOrder.Action
    /// Its runs write a line and take a moment.
    let work: Int64
    /// The same once a second.
    let tick: Int64
    /// The runs that the API has accepted.
    private(set) var accepted: Set<String> = []
    /// The unarmed process of each role.
    private var current: [String: SchedulerProcess]
    /// Where runs are triggered.
    private var api: APIClient
    private var started: [SchedulerProcess] = []
    private var retired: [SchedulerProcess] = []

    init(_ system: DistributedSystem, _ action: FailPointOrder.Action) async throws {
        self.system = system
        self.action = action
        api = system.api
        current = ["dispatcher": system.dispatchers[0], "worker": system.workers[0]]
        work = try await system.api.createTask(CrashCourse.task("work", in: system))
        tick = try await system.api.createTask(
            CrashCourse.task("tick", in: system, ["schedule": "* * * * * *", "misfire_policy": "fire_all"]))
    }

    /// Ends the seconds: not by a pause, which would hold a run that is waiting.
    func stopTicking() async throws {
        let rarely: JSONValue = "0 0 0 29 2 *"
        let task = CrashCourse.task("tick", in: system, ["schedule": rarely, "misfire_policy": "fire_all"])
        _ = try await system.api.data("PUT", "/api/tasks/\(tick)", task)
    }

    /// A task whose runs append their id and attempt to a file.
    private static func task(
        _ name: String, in system: DistributedSystem, _ more: [String: JSONValue] = [:]
    ) -> JSONValue {
        let file = system.folder.appendingPathComponent("starts").path
        let fields: [String: JSONValue] = [
            "name": .string(name), "executor": "shell", "max_concurrent": 0,
            "command": .string("echo \"$SCHEDULER_RUN_ID $SCHEDULER_ATTEMPT\" >> \(file); sleep 0.2"),
        ]
        return .object(fields.merging(more) { _, given in given })
    }

    /// What the runs wrote, in order.
    var starts: [String] {
        let file = system.folder.appendingPathComponent("starts")
        return ((try? String(contentsOf: file, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }

    /// The end of each process's log, for the message of a failure.
    var logs: String { started.map { "--- \($0.name)\n\($0.output.suffix(1_500))" }.joined(separator: "\n") }

    /// What has not ended, and on which workers, for the message of a failure.
    func leftovers() async -> String {
        let runs = "SELECT to_json(run) FROM run_live AS run LIMIT 10"
        let workers = "SELECT to_json(worker) FROM workers AS worker WHERE status <> 'offline'"
        return (try? await system.postgres.control("-Atc", "\(runs); \(workers)")) ?? ""
    }

    /// Ends what it started.
    func stop() async {
        await withTaskGroup { group in
            for process in started { group.addTask { await process.stop() } }
        }
    }

    /// Lets a process of the role come to grief at the point, with runs on their way, and another one take over.
    ///
    /// - Parameters:
    ///   - leads: whether only the leader comes by the point.
    ///   - losing: whether a worker is lost beforehand.
    mutating func pass(
        _ role: String, at point: FailPoint, leads: Bool = false, losing: Bool = false
    ) async throws {
        let armed = try start(role, "\(role)-\(point.rawValue)", order(point))
        if leads { retire(role) }
        if losing { try await loseWorker(to: armed) }
        try await keepBusy(until: armed, comesBy: point)
        let successor = try await hasSurvived(armed, point) ? armed : start(role, "\(role)-after-\(point.rawValue)")
        retire(role)
        current[role] = successor
        // What a crash left is not to be hit by the next one, since a run that was on three lost workers is poison.
        if action == .crash || losing { try await settleDown(after: point) }
    }

    /// Puts a process in the place of the present one of its role, which ends in order while runs come and go.
    mutating func replace(_ role: String) async throws {
        let port = try freePort()
        let isAPI = role == "api"
        let successor = try start(
            role, "\(role)-new-\(started.count)", [isAPI ? "SCHEDULER_API_PORT" : "SCHEDULER_ADMIN_PORT": "\(port)"])
        let client = APIClient(port: port)
        try await client.waitUntilReady()
        for _ in 1...10 { _ = try await trigger(work) }
        if isAPI { api = client }
        retire(role)
        current[role] = successor
        for _ in 1...20 {
            for _ in 1...2 { _ = try await trigger(work) }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Lets an API with an armed point come to grief at a request; the others go on.
    mutating func passAPI(at point: FailPoint, _ method: String, _ path: String) async throws {
        let port = try freePort()
        let address = ["SCHEDULER_API_PORT": "\(port)"]
        let armed = try start("api", "api-\(point.rawValue)", order(point).merging(address) { $1 })
        let client = APIClient(port: port)
        try await client.waitUntilReady()
        let answer = try? await client.send(method, path)
        #expect((answer == nil) == (action == .crash), "\(point.rawValue)")
        let again =
            try await hasSurvived(armed, point) ? armed : start("api", "api-after-\(point.rawValue)", address)
        try await client.waitUntilReady()
        again.terminate()
        retired.append(again)
    }

    /// Triggers a run.
    mutating func trigger(_ task: Int64) async throws -> String {
        guard let id = try await api.data("POST", "/api/tasks/\(task)/trigger")["id"]?.string else {
            throw TestFailure("a trigger was not accepted")
        }
        accepted.insert(id)
        return id
    }

    /// What ended in order said so.
    func expectCleanEnds() async throws {
        for process in retired { #expect(try await process.exitCode() == 0, "\(process.name)") }
    }

    private func order(_ point: FailPoint) -> [String: String] {
        ["SCHEDULER_FAILPOINT": "\(point.rawValue):\(action.rawValue)"]
    }

    private mutating func start(
        _ role: String, _ name: String, _ extra: [String: String] = [:]
    ) throws -> SchedulerProcess {
        let process = try system.start(role, name: name, extra)
        started.append(process)
        return process
    }

    private mutating func retire(_ role: String) {
        guard let process = current.removeValue(forKey: role) else { return }
        process.terminate()
        retired.append(process)
    }

    /// Kills a worker that has something to do, once the process leads.
    private mutating func loseWorker(to leader: SchedulerProcess) async throws {
        try await eventually("\(leader.name) leads") { leader.output.contains("leads now") }
        for _ in 1...10 { _ = try await trigger(work) }
        try await eventually("a worker has something to do") { [self] in
            try await system.api.runs(of: work, status: "running").count > 0
        }
        current["worker"]?.killNow()
        current["worker"] = try start("worker", "worker-beside-\(leader.name)")
    }

    private mutating func keepBusy(until armed: SchedulerProcess, comesBy point: FailPoint) async throws {
        let end = ContinuousClock.now + CrashCourse.patience
        while armed.isRunning, !armed.output.contains(sentence(point)) {
            guard ContinuousClock.now < end else { throw TestFailure("\(armed.name) does not come by its fail point") }
            for _ in 1...2 { _ = try await trigger(work) }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Whether the process lives behind its point, as it must after an error and must not after a crash.
    private func hasSurvived(_ process: SchedulerProcess, _ point: FailPoint) async throws -> Bool {
        #expect(process.output.contains(sentence(point)))
        if action == .crash {
            #expect(try await process.exitCode(within: .seconds(5)) == -SIGKILL, "\(point.rawValue)")
        } else {
            #expect(process.isRunning, "\(point.rawValue)")
        }
        return action != .crash
    }

    private func sentence(_ point: FailPoint) -> String { "fail point \(point.rawValue): \(action.rawValue)" }

    /// Every run that was on its way ends well, in spite of the crash.
    private func settleDown(after point: FailPoint) async throws {
        let runs = try await system.runsAtTheEnd(of: work, within: CrashCourse.patience)
        #expect(runs.filter { $0["status"] != "completed" } == [], "\(point.rawValue)")
    }
}
