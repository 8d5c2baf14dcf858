import SchedulerDomain
import SchedulerErrors
import Testing

@testable import SchedulerInfrastructure

@Suite(
    "Waves on one PostgreSQL with several dispatchers",
    .enabled(if: PostgresTestServer.isAvailable, "needs PostgreSQL"), .timeLimit(.minutes(3)))
struct PostgresWaveTests {
    private static let waves = 60
    private static let width = 5

    /// A root, several tasks after it, and two after all of those; one of the two never runs.
    private struct Graph {
        var root: TaskDefinition
        var middle: [TaskDefinition] = []
        var join: TaskDefinition
        var never: TaskDefinition
        var after: TaskDefinition

        init(in store: PostgresStore) async throws {
            func make(_ name: String, _ edges: [TaskDependency] = []) async throws -> TaskDefinition {
                let spec = TaskSpec(
                    name: name, taskType: "x", executor: "x", retryPolicy: RetryPolicy(maxRetries: 0), maxConcurrent: 0,
                    dependencies: edges)
                return try #require(try await store.tasks.create([TaskDraft(spec: spec)]).first)
            }
            root = try await make("root")
            for number in 0..<PostgresWaveTests.width {
                middle.append(try await make("middle \(number)", [TaskDependency(on: root.id)]))
            }
            join = try await make("join", middle.map { TaskDependency(on: $0.id) })
            never = try await make("never", middle.map { TaskDependency(on: $0.id, .onFailure) })
            after = try await make("after", [TaskDependency(on: never.id), TaskDependency(on: join.id)])
        }
    }

    private func outcomes(_ claimed: [ClaimedRun], _ worker: WorkerID) -> [RunOutcome] {
        claimed.map { run in
            RunOutcome(
                attempt: run.attempt, worker: worker, ending: .success, startedAt: run.scheduledAt,
                endedAt: run.scheduledAt)
        }
    }

    /// Starts everything that is due.
    private func start(_ runs: any TaskRunRepository, _ worker: WorkerID) async throws -> [ClaimedRun] {
        var claimed: [ClaimedRun] = []
        while true {
            let picked = try await runs.pick(limit: 500).runs.map(\.attempt)
            guard !picked.isEmpty else { return claimed }
            claimed += try await runs.claim(RunClaim(worker: worker, take: picked))
        }
    }

    /// Settles small batches on all stores at once, on each with as many at a time as it has sessions, every outcome
    /// on every store.
    private func settle(_ outcomes: [RunOutcome], on stores: [PostgresStore]) async throws -> Int {
        let batches = stride(from: 0, to: outcomes.count, by: 3).map { start in
            Array(outcomes[start..<min(start + 3, outcomes.count)])
        }
        return try await withThrowingTaskGroup(of: Int.self) { group in
            for (index, store) in stores.enumerated() {
                // Half of them come from the other end, so that the same batch is not at the same time on all.
                let batches = index % 2 == 0 ? batches : batches.reversed()
                for lane in 0..<4 {
                    group.addTask {
                        var counted = 0
                        for batch in stride(from: lane, to: batches.count, by: 4).map({ batches[$0] }) {
                            counted += try await settleUntilDone(batch, on: store).count { $0 != .ignored }
                        }
                        return counted
                    }
                }
            }
            return try await group.reduce(0, +)
        }
    }

    /// As a dispatcher does: what lost against others is settled again.
    private func settleUntilDone(_ batch: [RunOutcome], on store: PostgresStore) async throws -> [Settlement] {
        while true {
            do {
                return try await store.runs.settle(batch)
            } catch let error as SchedulerError where error.isTransient {
                continue
            }
        }
    }

    @Test("upstreams that settle in concurrent batches on two dispatchers lose no dependent and double none")
    func exactlyOnce() async throws {
        try await PostgresTestServer.withDatabase { configuration in
            let stores = (0..<2).map { _ in
                PostgresStore(configuration: configuration, logger: PostgresTestServer.logger)
            }
            let graph = try await Graph(in: stores[0])
            let now = try await stores[0].now()
            let worker = WorkerID.fresh(at: now)
            try await stores[0].workers.register(
                WorkerInfo(
                    id: worker, name: "w", hostname: "h", taskTypes: ["x"], maxConcurrentTasks: 10_000,
                    lastHeartbeat: now, registeredAt: now))
            let new = (0..<PostgresWaveTests.waves).map { _ in NewRun(id: RunID(at: now), task: graph.root.id) }
            for result in try await stores[0].runs.enqueue([new]) { _ = try result.get() }

            let expected = [PostgresWaveTests.waves, PostgresWaveTests.waves * PostgresWaveTests.width]
            for count in expected + [PostgresWaveTests.waves] {
                let claimed = try await start(stores[0].runs, worker)
                #expect(claimed.count == count)
                let settled = try await settle(outcomes(claimed.shuffled(), worker), on: stores)
                #expect(settled == count)
            }
            #expect(try await start(stores[0].runs, worker).isEmpty)

            let wanted = Set(new.map(\.id))
            for (task, status) in [
                (graph.join, TaskRunStatus.completed), (graph.never, .skipped), (graph.after, .skipped),
            ] {
                let runs = try await stores[0].runs.list(TaskRunQuery(task: task.id, limit: 500)).items
                #expect(runs.count == PostgresWaveTests.waves, "\(task.spec.name)")
                #expect(Set(runs.compactMap(\.workflow)) == wanted, "\(task.spec.name)")
                #expect(runs.allSatisfy { $0.status == status }, "\(task.spec.name)")
            }
            let open = try await stores[0].pool.withSession("count joins") { session in
                try session.execute(PostgresStatement.list("SELECT count(*) FROM wave_joins")).first { try $0.int() }
            }
            #expect(open == 0, "every join was completed")
            for store in stores { await store.shutdown() }
        }
    }

    @Test("edits that race from two processes never close a cycle")
    func noCycle() async throws {
        try await PostgresTestServer.withDatabase { configuration in
            let stores = (0..<2).map { _ in
                PostgresStore(configuration: configuration, logger: PostgresTestServer.logger)
            }
            let specs = (0..<6).map { TaskSpec(name: "\($0)", taskType: "x", executor: "x") }
            let tasks = try await stores[0].tasks.create(specs.map { TaskDraft(spec: $0) })
            let won = await withTaskGroup(of: Bool.self) { group in
                for index in tasks.indices {
                    group.addTask {
                        var edited = tasks[index]
                        edited.spec.dependencies = [TaskDependency(on: tasks[(index + 1) % tasks.count].id)]
                        let store = stores[index % stores.count]
                        return (try? await store.tasks.save([TaskEdit(task: edited)], replacing: [tasks[index]])) != nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(won == tasks.count - 1)
            for store in stores { await store.shutdown() }
        }
    }
}
