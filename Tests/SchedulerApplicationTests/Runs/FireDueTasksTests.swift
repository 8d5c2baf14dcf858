import Logging
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@Suite("Firing due tasks")
struct FireDueTasksTests {
    private let clock = VirtualClock()
    private let store: InMemoryStore

    init() {
        let clock = clock
        store = InMemoryStore(now: { clock.now })
    }

    private func dispatcher() -> FireDueTasks {
        FireDueTasks(tasks: store.tasks, wakeUps: store.wakeUps, logger: Logger(label: "test"))
    }

    private func task(_ change: (inout TaskSpec) -> Void) async throws -> TaskID {
        var spec = TaskSpec.fixture(schedule: "* * * * * *", maxConcurrent: 1)
        change(&spec)
        let next = clock.now.advanced(by: .seconds(1))
        return try await store.tasks.create([TaskDraft(spec: spec, nextRunAt: next)])[0].id
    }

    private func ledger(_ task: TaskID) async throws -> [FireRecord] {
        try await store.tasks.fires(of: task, in: .distantPast ..< .distantFuture, limit: 1_000)
    }

    @Test("an hour in which a run blocks its task is one run and one line of the ledger")
    func blockedHour() async throws {
        let task = try await task { $0.overlapPolicy = .skip }
        let worker = WorkerInfoBuilder(at: clock.now).build()
        try await store.workers.register(worker)
        let dispatcher = dispatcher()
        for second in 1...360 {
            clock.advance(by: .seconds(1))
            _ = try await dispatcher()
            if second == 1 {
                let attempts = try await store.runs.pick(limit: 1).runs.map(\.attempt)
                _ = try await store.runs.claim(RunClaim(worker: worker.id, take: attempts))
            }
        }
        let lines = try await ledger(task)
        #expect(lines.map(\.skipped) == [nil, .overlap])
        #expect(lines.last?.lastScheduledAt == clock.now)
        // A worker that is lost blocks nobody.
        try await store.workers.leave(worker.id)
        clock.advance(by: .seconds(1))
        #expect(try await dispatcher().runsCreated == 1)
    }

    @Test("under cancel_running the latest fire time has its run, and the one before it is told to end")
    func cancelRunning() async throws {
        let task = try await task { $0.overlapPolicy = .cancelRunning }
        let worker = WorkerInfoBuilder(at: clock.now).build()
        try await store.workers.register(worker)
        let dispatcher = dispatcher()
        clock.advance(by: .seconds(1))
        _ = try await dispatcher()
        let first = try await store.runs.pick(limit: 1).runs.map(\.attempt)
        _ = try await store.runs.claim(RunClaim(worker: worker.id, take: first))
        for _ in 0..<3 {
            clock.advance(by: .seconds(1))
            _ = try await dispatcher()
        }
        let runs = try await store.runs.list(TaskRunQuery(task: task)).items
        let latest = runs.max { $0.scheduledAt < $1.scheduledAt }
        #expect(runs.filter { $0.status == .pending }.map(\.id) == latest.map { [$0.id] })
        #expect(runs.filter { $0.status == .cancelled }.count == 2)
        #expect(runs.filter { $0.status == .running }.compactMap(\.cancelRequestedAt).count == 1)
        // It starts when the limit allows.
        #expect(try await store.runs.pick(limit: 1).runs.isEmpty)
        let outcome = RunOutcome(
            attempt: first[0], worker: worker.id, ending: .failure(.system), startedAt: clock.now, endedAt: clock.now)
        #expect(try await store.runs.settle([outcome]) == [.ended(.cancelled)])
        #expect(try await store.runs.pick(limit: 1).runs.map(\.attempt.run) == latest.map { [$0.id] })
    }

    @Test("many dispatchers at once create each fire once, and the last executions exactly")
    func manyDispatchers() async throws {
        let task = try await task {
            $0.maxConcurrent = 0
            $0.maxExecutions = 25
            $0.misfirePolicy = .fireAll
        }
        for seconds in [1, 7, 60, 5] {
            clock.advance(by: .seconds(seconds))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    let dispatcher = dispatcher()
                    group.addTask { _ = try await dispatcher() }
                }
                try await group.waitForAll()
            }
        }
        let after = try #require(try await store.tasks.find([task], tenant: .default).first)
        #expect(after.executionCount == 25 && after.status == .inactive && after.nextRunAt == nil)
        let lines = try await ledger(task)
        let fired = lines.filter { $0.run != nil }.map(\.scheduledAt)
        #expect(fired.count == 25 && Set(fired).count == 25)
        #expect(lines.allSatisfy { $0.skipped == nil })
    }

    @Test("a week's outage of an every-second task is caught up with in a few rows")
    func week() async throws {
        let task = try await task { $0.maxConcurrent = 0 }
        clock.advance(by: .seconds(7 * 86_400))
        let pass = try await dispatcher()()
        #expect(pass.runsCreated == 12)
        let lines = try await ledger(task)
        #expect(lines.count == 13)
        #expect(lines.first?.skipped == .misfire)
        #expect(try await dispatcher()().runsCreated == 0)
    }
}
