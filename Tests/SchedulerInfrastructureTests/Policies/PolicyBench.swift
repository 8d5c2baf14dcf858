import Logging
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils

/// A store with the use cases on it, a dispatcher and a worker, all on one virtual clock.
struct PolicyBench: Sendable {
    let store: any SchedulerStore
    let clock: VirtualClock
    let service: TaskService
    let dispatcher: FireDueTasks
    let worker: WorkerInfo

    fileprivate init(store: any SchedulerStore, clock: VirtualClock) async throws {
        self.store = store
        self.clock = clock
        service = TaskService(store: store, clock: clock)
        dispatcher = FireDueTasks(tasks: store.tasks, wakeUps: store.wakeUps, logger: Logger(label: "test"))
        worker = WorkerInfoBuilder(at: clock.now).slots(100).build()
        try await store.workers.register(worker)
    }

    /// Creates a task that fires every second, from the next one on.
    func task(_ name: String, _ change: (inout TaskSpec) -> Void) async throws -> TaskID {
        var spec = TaskSpec.fixture(name: name, schedule: "* * * * * *", maxConcurrent: 1)
        change(&spec)
        let next = try FireTimes(of: spec, zones: FireTimesDecider().zones)?.next(after: clock.now)
        return try await store.tasks.create([TaskDraft(spec: spec, nextRunAt: next)])[0].id
    }

    /// Lets a second pass and decides what is due.
    func tick() async throws {
        clock.advance(by: .seconds(1))
        _ = try await dispatcher()
    }

    /// Starts what may start.
    func start() async throws -> [RunAttempt] {
        let picked = try await store.runs.pick(limit: 100).runs.map(\.attempt)
        return try await store.runs.claim(RunClaim(worker: worker.id, take: picked)).map(\.attempt)
    }

    func settle(_ attempts: [RunAttempt], _ ending: RunOutcome.Ending) async throws {
        _ = try await store.runs.settle(
            attempts.map {
                RunOutcome(
                    attempt: $0, worker: worker.id, ending: ending, startedAt: clock.now, endedAt: clock.now)
            })
    }

    /// Triggers a run, or is refused since the task has had all of them.
    func trigger(_ task: TaskID) async throws {
        let run = NewRun(id: .next(at: clock.now), task: task)
        _ = try await store.runs.enqueue([[run]])
    }

    /// The runs of a task by fire time.
    func runs(of task: TaskID) async throws -> [TaskRun] {
        try await store.runs.list(TaskRunQuery(task: task, limit: 500)).items
            .sorted { ($0.scheduledAt, $0.id) < ($1.scheduledAt, $1.id) }
    }

    func ledger(_ task: TaskID) async throws -> [FireRecord] {
        try await store.tasks.fires(of: task, in: .distantPast ..< .distantFuture, limit: 1_000)
    }
}

extension ContractStore {
    /// Runs a test on a fresh store.
    func run(_ test: @escaping @Sendable (PolicyBench) async throws -> Void) async throws {
        try await withStore { store, clock in try await test(PolicyBench(store: store, clock: clock)) }
    }
}
