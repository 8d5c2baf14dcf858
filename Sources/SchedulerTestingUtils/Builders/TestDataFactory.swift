public import SchedulerDomain
import SchedulerErrors

/// Brings a store into the state that a test starts from, through the store's own ports.
public struct TestDataFactory: Sendable {
    public let store: any SchedulerStore
    public let clock: VirtualClock

    public init(store: any SchedulerStore, clock: VirtualClock) {
        self.store = store
        self.clock = clock
    }

    /// Creates a task.
    ///
    /// - Parameter next: its first undecided fire time; nil: it does not fire by itself.
    public func task(
        _ spec: TaskSpec = .fixture(), status: TaskStatus = .active, next: UTCInstant? = nil,
        tenant: TenantID = .default
    ) async throws -> TaskDefinition {
        let draft = TaskDraft(tenant: tenant, spec: spec, status: status, nextRunAt: next)
        return try await only(store.tasks.create([draft]), "a created task")
    }

    /// A run to create, due now unless a time is named; ids grow in the order of the calls.
    public func newRun(
        of task: TaskDefinition, overrides: RunOverrides = .none, trigger: TriggerType = .manual,
        dueAt: UTCInstant? = nil
    ) -> NewRun {
        NewRun(
            id: .next(at: clock.now), tenant: task.tenant, task: task.id, overrides: overrides, trigger: trigger,
            scheduledAt: dueAt ?? clock.now, dueAt: dueAt)
    }

    /// Enqueues runs that are due now.
    public func runs(
        _ count: Int, of task: TaskDefinition, priority: Priority? = nil, trigger: TriggerType = .manual
    ) async throws -> [TaskRun] {
        let overrides = RunOverrides(priority: priority)
        let new = (0..<count).map { _ in newRun(of: task, overrides: overrides, trigger: trigger) }
        return try await only(store.runs.enqueue([new]), "an enqueued group").get()
    }

    /// Registers a worker that is online.
    public func worker(_ types: String..., slots: Int = 1_000) async throws -> WorkerInfo {
        let info = WorkerInfoBuilder(at: clock.now)
            .with {
                $0.taskTypes = types.isEmpty ? ["function"] : types
                $0.maxConcurrentTasks = slots
            }
            .build()
        try await store.workers.register(info)
        return info
    }

    /// Picks what is due and starts it on the worker, in the order of the pick.
    public func start(on worker: WorkerInfo, limit: Int = 500) async throws -> [ClaimedRun] {
        let picked = try await store.runs.pick(limit: limit)
        return try await store.runs.claim(RunClaim(worker: worker.id, take: picked.runs.map(\.attempt)))
    }

    /// An outcome of an attempt that ran until now.
    public func outcome(
        _ ending: RunOutcome.Ending, of attempt: RunAttempt, on worker: WorkerInfo, result: JSONValue? = nil,
        exitCode: Int? = nil, errorMessage: String? = nil
    ) -> RunOutcome {
        RunOutcome(
            attempt: attempt, worker: worker.id, ending: ending, startedAt: clock.now, endedAt: clock.now,
            result: result, exitCode: exitCode, errorMessage: errorMessage)
    }

    /// The run as the store has it.
    public func run(_ id: RunID) async throws -> TaskRun {
        try await only(store.runs.find([id], tenant: .default), "run \(id)")
    }

    /// The task as the store has it.
    public func task(_ id: TaskID) async throws -> TaskDefinition {
        try await only(store.tasks.find([id], tenant: .default), "task \(id)")
    }

    func only<Element>(_ elements: [Element], _ what: String) throws -> Element {
        guard let first = elements.first, elements.count == 1 else {
            throw SchedulerError(.internal, "the store returned \(elements.count) rows for \(what)")
        }
        return first
    }
}
