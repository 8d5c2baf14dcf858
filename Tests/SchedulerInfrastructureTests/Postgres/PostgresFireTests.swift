import Dispatch
import SchedulerDomain
import SchedulerTestingUtils
import Testing

@testable import SchedulerInfrastructure

@Suite(
    "Firing on PostgreSQL beside other transactions", .enabled(if: PostgresTestServer.isAvailable, "needs PostgreSQL"),
    .timeLimit(.minutes(2)))
struct PostgresFireTests {
    private static let waiting = PostgresStatement.read(
        "test.waiting",
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
    private static let deadlocks = PostgresStatement.read(
        "test.deadlocks", "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")

    @Test("a task that another transaction holds is left out, and waited for where that is asked")
    func held() async throws {
        try await withStore { store, configuration in
            let task = try await task("held", in: store)
            let decision = decision(for: task)
            let isHeld = DispatchSemaphore(value: 0)
            let mayEnd = DispatchSemaphore(value: 0)
            try await withThrowingTaskGroup { group in
                group.addTask {
                    try await PostgresTestServer.withSession(configuration) { session in
                        try session.transaction { session in
                            _ = try session.lockTasks([task.id], now: .instant(.distantPast))
                            isHeld.signal()
                            mayEnd.wait()
                        }
                    }
                }
                await block { isHeld.wait() }
                #expect(try await store.tasks.fire([decision]).isEmpty)
                async let fired = store.tasks.fire([decision], waits: true)
                while try await count(PostgresFireTests.waiting, configuration) == 0 { await Task.yield() }
                mayEnd.signal()
                #expect(try await fired == [task.id])
                try await group.waitForAll()
            }
        }
    }

    @Test("ends of runs, and fires that end runs, lock in one order: none is a deadlock's victim")
    func lockOrder() async throws {
        try await withStore { store, configuration in
            let upstream = try await task("upstream", in: store)
            var task = try await task("dependent", dependsOn: upstream.id, in: store)
            let worker = WorkerInfoBuilder(at: try await store.now()).build()
            try await store.workers.register(worker)
            for _ in 0..<30 {
                let now = try await store.now()
                let runs = [NewRun(id: RunID(at: now), task: task.id), NewRun(id: RunID(at: now), task: upstream.id)]
                _ = try await store.runs.enqueue([runs])
                let picked = try await store.runs.pick(limit: 10).runs.map(\.attempt)
                let started = try await store.runs.claim(RunClaim(worker: worker.id, take: picked))
                let outcomes = started.map { run in
                    RunOutcome(
                        attempt: run.attempt, worker: worker.id, ending: .success, startedAt: now, endedAt: now)
                }
                var decision = decision(for: task)
                decision.keepAtMost = 0
                async let settled = store.runs.settle(outcomes)
                async let fired = store.tasks.fire([decision], waits: true)
                _ = try await (settled, fired)
                task = try #require(try await store.tasks.find([task.id], tenant: .default).first)
            }
            #expect(try await count(PostgresFireTests.deadlocks, configuration) == 0)
        }
    }

    @Test("while a burst is fired nothing is picked, but what is left lying holds nothing up")
    func burst() async throws {
        let clock = VirtualClock()
        try await withStore(clock: { clock.now }) { store, _ in
            let drafts = (0..<250).map { number in
                TaskDraft(spec: .fixture(name: "burst-\(number)"), nextRunAt: clock.now.advanced(by: .seconds(1)))
            }
            let tasks = try await store.tasks.create(drafts)
            try await store.workers.register(WorkerInfoBuilder(at: clock.now).build())
            let run = NewRun(id: RunID(at: clock.now), task: tasks[0].id)
            _ = try await store.runs.enqueue([[run]])
            clock.advance(by: .seconds(1))
            let held = try await store.runs.pick(limit: 1)
            #expect(held.runs.isEmpty && held.nextDueIn == .milliseconds(30))
            // Nobody fires them.
            clock.advance(by: .milliseconds(800))
            #expect(try await store.runs.pick(limit: 1).runs.map(\.attempt.run) == [run.id])
        }
    }

    private func withStore(
        clock: (@Sendable () -> UTCInstant)? = nil,
        _ body: @Sendable (PostgresStore, PostgresConfiguration) async throws -> Void
    ) async throws {
        try await PostgresTestServer.withDatabase { configuration in
            let store = PostgresStore(
                configuration: configuration, clock: clock, logger: PostgresTestServer.logger)
            let result: Result<Void, any Error>
            do { result = .success(try await body(store, configuration)) } catch { result = .failure(error) }
            await store.shutdown()
            try result.get()
        }
    }

    private func task(_ name: String, dependsOn upstream: TaskID? = nil, in store: PostgresStore) async throws
        -> TaskDefinition
    {
        let edges = upstream.map { [TaskDependency(on: $0, .onCompletion)] } ?? []
        let spec = TaskSpec.fixture(name: name, maxConcurrent: 0, dependencies: edges)
        return try await store.tasks.create([TaskDraft(spec: spec, nextRunAt: try await store.now())])[0]
    }

    private func decision(for task: TaskDefinition) -> FireDecision {
        let from = task.nextRunAt ?? .distantPast
        let run = NewRun(
            id: RunID(at: from), tenant: task.tenant, task: task.id, trigger: .scheduled, scheduledAt: from)
        return FireDecision(
            task: task.id, tenant: task.tenant, version: task.version, from: from, runs: [run],
            next: from.advanced(by: .microseconds(1)), endsTask: false)
    }

    private func count(_ statement: PostgresStatement, _ configuration: PostgresConfiguration) async throws -> Int64 {
        try await PostgresTestServer.withSession(configuration) { session in
            try session.execute(statement).first { try $0.int64() } ?? 0
        }
    }

    private func block(_ wait: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                wait()
                continuation.resume()
            }
        }
    }
}
