import Logging
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import SchedulerTestingUtils
import ServiceLifecycle
import Synchronization

@testable import SchedulerWorker

/// A worker with a store in memory and a fake broker, and the part of the dispatcher that a test wants to play.
final class WorkerBench: Sendable {
    let store: InMemoryStore
    /// The runs as the worker sees them.
    let faulty: FaultyTaskRunRepository
    /// The workers as the worker sees them.
    let workers: FaultyWorkerRepository
    /// What a worker says that cannot stop what it runs, instead of ending the process.
    let unfenceable = Mutex<[String]>([])
    /// The logs as the worker sees them.
    let logs: FaultyRunLogs
    let queue = FakeQueue()
    let functions = FunctionRegistry.withBuiltIns(appends: true)
    let executors: DefaultExecutorRegistry
    let configuration: WorkerConfiguration
    let types: [String]

    init(slots: Int = 8, types: [String] = ["function"], _ change: (inout WorkerConfiguration) -> Void = { _ in })
        throws
    {
        var configuration = WorkerConfiguration(
            slots: slots, heartbeat: .milliseconds(20), lease: .seconds(10), killGrace: .milliseconds(200),
            shutdownGrace: .seconds(6), settlementCheck: .milliseconds(50), resend: .milliseconds(200),
            brokerPatience: .milliseconds(100), directPoll: .milliseconds(50))
        change(&configuration)
        self.configuration = configuration
        self.types = types
        executors = ExecutorFactory(
            processes: try .forTests(killGrace: configuration.killGrace), functions: functions
        ).makeRegistry()
        let clock = SystemClock()
        store = InMemoryStore(now: { clock.now })
        faulty = FaultyTaskRunRepository(base: store.runs)
        workers = FaultyWorkerRepository(base: store.workers)
        logs = FaultyRunLogs(base: store.runLogs)
    }

    func service(queue other: (any MessageQueue)?) -> WorkerService {
        WorkerService(
            identity: WorkerIdentity(name: "worker", hostname: "host", taskTypes: types),
            store: FaultyStore(base: store, runs: faulty, workers: workers, runLogs: logs),
            queue: other ?? queue,
            executors: executors, configuration: configuration,
            onUnfenceable: { sentence in self.unfenceable.withLock { $0.append(sentence) } },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Runs the worker for the time of the body, then shuts it down gracefully and waits for its end.
    func withWorker(
        queue other: (any MessageQueue)? = nil, _ body: @escaping @Sendable () async throws -> Void
    ) async throws {
        let group = ServiceGroup(
            services: [service(queue: other)], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do {
                try await eventually("the worker is registered") { try await !self.online().isEmpty }
                try await body()
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    func online() async throws -> [WorkerInfo] { try await store.workers.list(includingOffline: false, limit: 10) }

    func task(_ spec: TaskSpec = .fixture()) async throws -> TaskDefinition {
        guard let task = try await store.tasks.create([TaskDraft(spec: spec)]).first else {
            throw SchedulerError(.internal, "no task was created")
        }
        return task
    }

    /// Enqueues runs and picks them, so that they are dispatched.
    func dispatched(_ count: Int, of task: TaskDefinition) async throws -> [RunAttempt] {
        let now = SystemClock().now
        let new = (0..<count).map { _ in NewRun(id: .next(at: now), task: task.id) }
        for result in try await store.runs.enqueue([new]) { _ = try result.get() }
        var picked: [RunAttempt] = []
        while picked.count < count {
            let more = try await store.runs.pick(limit: count - picked.count).runs.map(\.attempt)
            guard !more.isEmpty else { throw SchedulerError(.internal, "only \(picked.count) runs could be picked") }
            picked += more
        }
        return picked
    }

    func run(_ id: RunID) async throws -> TaskRun {
        guard let run = try await store.runs.find([id], tenant: .default).first else {
            throw SchedulerError(.notFound, "no run \(id)")
        }
        return run
    }

    func status(_ attempt: RunAttempt) async throws -> TaskRunStatus { try await run(attempt.run).status }

    /// Settles what arrived on the status queue, as a dispatcher does.
    func settle() async throws { _ = try await store.runs.settle(queue.outcomes) }

    /// Settles until a condition holds.
    func settling(until what: String, _ condition: () async throws -> Bool) async throws {
        try await eventually(what) {
            try await settle()
            return try await condition()
        }
    }
}

/// A store whose runs fail as a test says.
private struct FaultyStore: SchedulerStore {
    let base: InMemoryStore
    let runs: any TaskRunRepository
    let workers: any WorkerRepository
    let runLogs: any RunLogRepository

    var tenants: any TenantRepository { base.tenants }
    var tasks: any TaskRepository { base.tasks }
    var backfills: any BackfillRepository { base.backfills }
    var recovery: any RecoveryRepository { base.recovery }
    var zoneSettings: any ZoneSettings { base.zoneSettings }
    var lateReports: any LateReportRepository { base.lateReports }
    var deadLetters: any DeadLetterRepository { base.deadLetters }
    var locks: any DistributedLock { base.locks }
    var wakeUps: any WakeUps { base.wakeUps }

    func now() async throws -> UTCInstant { try await base.now() }
}

/// A function that waits until the test lets it go, and counts its starts.
final class Gate: Sendable {
    private let started = Mutex<[RunAttempt]>([])
    private let opened = Latch<Void>()

    var starts: [RunAttempt] { started.withLock { $0 } }
    func open() { opened.fire(()) }

    var function: TaskFunction {
        { call in
            self.started.withLock { $0.append(call.run.attempt) }
            guard await self.opened.wait() != nil else { throw CancellationError() }
            return .null
        }
    }
}
