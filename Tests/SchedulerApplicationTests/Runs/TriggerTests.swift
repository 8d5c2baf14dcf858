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
