import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@Suite("Triggering runs")
struct TriggerTests {
    private let clock = VirtualClock()
    private let store: InMemoryStore
    private let service: TaskService

    init() {
        let clock = clock
        store = InMemoryStore(now: { clock.now })
        service = TaskService(store: store, clock: clock)
    }

    private func task(_ name: String, _ status: TaskStatus = .active) async throws -> TaskID {
        try await store.tasks.create([TaskDraft(spec: .fixture(name: name), status: status)])[0].id
    }

    private func runCount() async throws -> Int { try await store.runs.list(TaskRunQuery(limit: 500)).items.count }

    @Test("a trigger makes a manual run that is due now")
    func trigger() async throws {
        let task = try await task("a")
        let body = try TriggerBody(["arguments": ["x"], "priority": "critical"])
        let run = try await service.trigger(task, body, by: "api", traceContext: "trace")
        #expect(run.trigger == .manual)
        #expect(run.triggeredBy == "api")
        #expect(run.traceContext == "trace")
        #expect(run.status == .pending)
        #expect(run.dueAt == clock.now)
        #expect(run.overrides == RunOverrides(arguments: ["x"], priority: .critical))
        #expect(try await service.findRun(run.id) == run)
    }

    @Test("a run can be planned for a time; one that has passed is due at once")
    func runAt() async throws {
        let task = try await task("a")
        let run = try await service.trigger(task, TriggerBody(["run_at": "2026-11-22T12:00:00+01:00"]))
        #expect(run.scheduledAt == UTCInstant("2026-11-22T11:00:00Z"))
        #expect(run.dueAt == run.scheduledAt)
        #expect(run.trigger == .manual)
        _ = try await store.workers.register(WorkerInfoBuilder(at: clock.now).build())
        #expect(try await store.runs.pick(limit: 10).runs.isEmpty)
        let past = try await service.trigger(task, TriggerBody(["run_at": "2020-01-01T00:00:00Z"]))
        #expect(past.scheduledAt == UTCInstant("2020-01-01T00:00:00Z"))
        #expect(try await store.runs.pick(limit: 10).runs.map(\.attempt.run) == [past.id])
    }

    @Test("a delay counts by the store's clock")
    func delay() async throws {
        let ahead = VirtualClock(now: clock.now.advanced(by: .seconds(1_000)))
        let service = TaskService(store: store, clock: ahead)
        let run = try await service.trigger(try await task("a"), TriggerBody(["delay_seconds": 90]))
        #expect(run.scheduledAt == clock.now.advanced(by: .seconds(90)))
        #expect(run.dueAt == run.scheduledAt)
        let soon = try await service.trigger(run.task, TriggerBody(["delay_seconds": 0]))
        #expect(soon.dueAt == clock.now)
    }

    @Test("every override is kept with the run and reaches the worker that claims it")
    func overrides() async throws {
        let body = try TriggerBody([
            "arguments": ["x", 1], "environment": ["A": "b"], "config": ["name": "noop"], "priority": "low",
        ])
        var spec = TaskSpec.fixture(command: nil, arguments: ["y"], environment: ["A": "a", "C": "c"])
        spec.config = ["name": "other"]
        let task = try await store.tasks.create([TaskDraft(spec: spec)])[0]
        let run = try await service.trigger(task.id, body)
        #expect(run.priority == .low)
        let worker = WorkerInfoBuilder(at: clock.now).build()
        try await store.workers.register(worker)
        let picked = try await store.runs.pick(limit: 1).runs
        #expect(picked.map(\.priority) == [.low])
        let claimed = try await store.runs.claim(RunClaim(worker: worker.id, take: picked.map(\.attempt)))
        let executed = try #require(claimed.first).overrides.applied(to: task.spec)
        #expect(executed.arguments == ["x", 1])
        #expect(executed.environment == ["A": "b", "C": "c"])
        #expect(executed.config == ["name": "noop"])
    }

    @Test("a paused task can be triggered, a draft and an ended task cannot")
    func statuses() async throws {
        _ = try await service.trigger(try await task("paused", .paused))
        for status in [TaskStatus.created, .inactive] {
            let id = try await task(status.rawValue, status)
            let error = await #expect(throws: SchedulerError.self) { try await service.trigger(id) }
            #expect(error?.code == .conflict)
        }
    }

    @Test("an overriding config must fit the executor")
    func overridingConfig() async throws {
        let task = try await task("a")
        let error = await #expect(throws: SchedulerError.self) {
            try await service.trigger(task, TriggerBody(["config": ["nonsense": 1]]))
        }
        #expect(error?.faults.map(\.field) == ["config.nonsense"])
        #expect(try await runCount() == 0)
    }

    @Test(
        "a trigger's body names all its faults",
        arguments: [
            (["command": "x"], ["command"]), (["arguments": 1, "priority": "x"], ["arguments", "priority"]),
            (["environment": ["=": "x"], "b": 1], ["environment", "b"]), (["arguments": ["\0"]], ["arguments"]),
            (["run_at": "tomorrow"], ["run_at"]), (["delay_seconds": -1], ["delay_seconds"]),
            (["delay_seconds": 31_622_401], ["delay_seconds"]), (["delay_seconds": 1.5], ["delay_seconds"]),
            (["run_at": "2026-11-22T00:00:00Z", "delay_seconds": 1], ["delay_seconds"]),
        ] as [(JSONValue, [String])])
    func triggerBody(json: JSONValue, fields: [String]) {
        let error = #expect(throws: SchedulerError.self) { try TriggerBody(json) }
        #expect(error?.faults.map(\.field) == fields)
    }

    @Test("a batch makes all its runs in order")
    func batch() async throws {
        let (first, second) = (try await task("a"), try await task("b"))
        let body = try BatchBody(["runs": [["task_id": .integer(second.rawValue)], entry(first, ["x"]), entry(first)]])
        let runs = try await service.triggerBatch(body, by: "api")
        #expect(runs.map(\.task) == [second, first, first])
        #expect(runs.map(\.overrides.arguments) == [nil, ["x"], nil])
        #expect(Set(runs.map(\.id)).count == 3)
        #expect(try await service.find(first).executionCount == 2)
    }

    @Test("a batch with one task that does not exist makes no run and names each such entry")
    func batchIsAtomic() async throws {
        let task = try await task("a")
        let body = BatchBody(entries: [.init(task: task), .init(task: TaskID(98)), .init(task: TaskID(99))])
        let error = await #expect(throws: SchedulerError.self) { try await service.triggerBatch(body) }
        #expect(error?.code == .notFound)
        #expect(error?.faults.map(\.field) == ["runs.1.task_id", "runs.2.task_id"])
        #expect(try await runCount() == 0)
    }

    @Test("a bare list is a batch too, and entries name their faults")
    func batchBody() throws {
        #expect(try BatchBody([["task_id": 1]]).entries == [.init(task: TaskID(1))])
        #expect(try BatchBody([["task_id": 1, "arguments": nil]]).entries == [.init(task: TaskID(1))])
        let json: JSONValue = [
            ["task_id": 1], ["task_id": "1"], [:], 7, ["task_id": 1, "arguments": ["\0"]], ["task_id": 0, "x": 1],
        ]
        let error = #expect(throws: SchedulerError.self) { try BatchBody(json) }
        #expect(
            error?.faults.map(\.field) == [
                "runs.1.task_id", "runs.2.task_id", "runs.3", "runs.4.arguments", "runs.5.task_id", "runs.5.x",
            ])
    }

    @Test(
        "a batch body of a wrong shape is refused",
        arguments: ["x", [:], ["runs": 1], ["runs": [], "y": 1]] as [JSONValue])
    func wrongShape(json: JSONValue) {
        #expect(throws: SchedulerError.self) { try BatchBody(json) }
    }

    @Test("many triggers at once all get their run")
    func manyAtOnce() async throws {
        let task = try await task("a")
        let ids = try await withThrowingTaskGroup(of: RunID.self) { group in
            for _ in 0..<200 { group.addTask { try await service.trigger(task).id } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(ids.count == 200)
        #expect(try await service.find(task).executionCount == 200)
    }

    private func entry(_ task: TaskID, _ arguments: JSONValue = nil) -> JSONValue {
        ["task_id": .integer(task.rawValue), "arguments": arguments]
    }
}
