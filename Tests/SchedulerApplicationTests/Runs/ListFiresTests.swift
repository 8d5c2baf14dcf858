import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@Suite("Listing what became of fire times")
struct ListFiresTests {
    private let clock = VirtualClock()
    private let store: InMemoryStore
    private let service: TaskService

    init() {
        let clock = clock
        store = InMemoryStore(now: { clock.now })
        service = TaskService(store: store, clock: clock)
    }

    private func seconds(_ count: Int) -> UTCInstant { VirtualClock.start.advanced(by: .seconds(count)) }

    private func task(_ schedule: String = "0 * * * * *") async throws -> TaskDefinition {
        let spec = TaskSpec.fixture(schedule: schedule)
        return try await store.tasks.create([TaskDraft(spec: spec, nextRunAt: seconds(60))])[0]
    }

    /// Two runs, then five skipped minutes.
    private func history(_ task: TaskDefinition) async throws -> FireDecision {
        clock.advance(by: .seconds(420))
        let runs = [60, 120].map {
            NewRun(id: .next(at: clock.now), task: task.id, trigger: .scheduled, scheduledAt: seconds($0))
        }
        let decision = FireDecision(
            task: task.id, tenant: task.tenant, version: 1, from: seconds(60), runs: runs,
            skips: [SkippedFires(first: seconds(180), last: seconds(420), reason: .misfire)], next: seconds(480))
        #expect(try await store.tasks.fire([decision]) == [task.id])
        return decision
    }

    @Test("runs with their status, skipped series with their count and reason, what is due and what is to come")
    func all() async throws {
        let task = try await task()
        let decision = try await history(task)
        _ = try await store.runs.cancel(.runs([decision.runs[0].id]), tenant: .default, reason: "no")
        clock.advance(by: .seconds(120))
        let items = try await service.fires(task.id, .init(from: seconds(0), to: seconds(661))).items
        #expect(items.map(\.state) == [.fired, .fired, .skipped, .due, .due, .expected, .expected])
        #expect(items.map(\.scheduledAt) == [60, 120, 180, 480, 540, 600, 660].map(seconds))
        #expect(items.map(\.runStatus) == [.cancelled, .pending, nil, nil, nil, nil, nil])
        #expect(items.map(\.run) == decision.runs.map(\.id) + [nil, nil, nil, nil, nil])
        #expect(items[2].count == 5 && items[2].lastScheduledAt == seconds(420))
        #expect(items[2].reason?.hasPrefix("misfire") == true)
        #expect(items[2].version == 1 && items[2].decidedAt == seconds(420))
    }

    @Test("without a range it is a day back and a day ahead")
    func defaultRange() async throws {
        let task = try await task("0 0 * * * *")
        let answer = try await service.fires(task.id)
        // The first undecided fire time was set by hand to a minute after the start.
        #expect(answer.items.count == 24)
        #expect(answer.items.dropFirst().first?.scheduledAt == seconds(3_600))
        #expect(answer.items.allSatisfy { $0.state == .expected } && answer.next == nil)
        let past = try await service.fires(task.id, .init(to: seconds(0)))
        #expect(past.items.isEmpty)
    }

    @Test("pages follow one another without gap or repetition")
    func pages() async throws {
        let task = try await task()
        _ = try await history(task)
        _ = try await service.backfill(task.id, BackfillBody(from: seconds(180), to: seconds(301)))
        let range = ListFires.Query(from: seconds(0), to: seconds(600), limit: 500)
        let whole = try await service.fires(task.id, range)
        #expect(
            whole.items.map(\.state) == [
                .fired, .fired, .skipped, .backfilled, .backfilled, .backfilled, .expected, .expected,
            ])
        for limit in 1...4 {
            var items: [FireItem] = []
            var query = range
            query.limit = limit
            repeat {
                let answer = try await service.fires(task.id, query)
                #expect(answer.items.count >= 1 && answer.items.count <= limit + 1)
                items += answer.items
                query.cursor = answer.next
            } while query.cursor != nil
            #expect(items == whole.items)
        }
    }

    @Test("a backfilled fire time names the backfill and its run")
    func backfilled() async throws {
        let task = try await task()
        _ = try await history(task)
        let progress = try await service.backfill(task.id, BackfillBody(from: seconds(240), to: seconds(241)))
        let items = try await service.fires(task.id, .init(from: seconds(0), to: seconds(480))).items
        let item = try #require(items.first { $0.state == .backfilled })
        #expect(item.scheduledAt == seconds(240) && item.backfill == progress.backfill.id)
        #expect(item.runStatus == .pending)
    }

    @Test("a pause under way shows what it leaves out, and nothing as expected")
    func pause() async throws {
        let task = try await task()
        _ = try await service.pause(task.id)
        clock.advance(by: .seconds(600))
        let items = try await service.fires(task.id).items
        #expect(items.map(\.state) == [.paused])
        #expect(items.first?.scheduledAt == seconds(60) && items.first?.lastScheduledAt == seconds(600))
        #expect(items.first?.count == 10)
        _ = try await service.resume(task.id)
        let after = try await service.fires(task.id, .init(to: seconds(700))).items
        #expect(after.map(\.state) == [.skipped, .expected])
        #expect(after.first?.count == 10 && after.first?.reason?.hasPrefix("paused") == true)
    }

    @Test("a series is counted by its own version, and a very long one is not counted to its end")
    func counts() async throws {
        let task = try await task()
        _ = try await history(task)
        _ = try await service.update(task.id, TaskBody(["schedule": "* * * * * *"]))
        let items = try await service.fires(task.id, .init(from: seconds(0), to: seconds(430))).items
        #expect(items.first { $0.state == .skipped }?.count == 5)
        let paused = try await service.pause(task.id)
        clock.advance(by: .seconds(86_400))
        let long = try await service.fires(paused.id).items.last
        #expect(long?.state == .paused && long?.count == nil)
    }

    @Test("the past of a schedule that cannot be read any more is listed all the same")
    func unreadable() async throws {
        let spec = TaskSpec.fixture(schedule: "no cron")
        let task = try await store.tasks.create([TaskDraft(spec: spec, nextRunAt: seconds(60))])[0]
        _ = try await history(task)
        let items = try await service.fires(task.id).items
        #expect(items.map(\.state) == [.fired, .fired, .skipped])
        #expect(items.last?.count == nil)
    }

    @Test("what is decided while the list is read stands there once")
    func decidedMeanwhile() async throws {
        for limit in [1, 2, 50] { try await list(limit: limit) }
    }

    private func list(limit: Int) async throws {
        let clock = VirtualClock()
        let store = InMemoryStore(now: { clock.now })
        let spec = TaskSpec.fixture(schedule: "0 * * * * *")
        let task = try await store.tasks.create([TaskDraft(spec: spec, nextRunAt: seconds(60))])[0]
        clock.advance(by: .seconds(120))
        let decision = FireDecision(
            task: task.id, tenant: task.tenant, version: 1, from: seconds(60),
            runs: [NewRun(id: .next(at: clock.now), task: task.id, trigger: .scheduled, scheduledAt: seconds(60))],
            skips: [SkippedFires(first: seconds(120), last: seconds(120), reason: .overlap)], next: seconds(180))
        // A dispatcher decides after the task was read and before the ledger is.
        let overtaken = OvertakenStore(base: store, tasks: store.tasks) {
            _ = try await store.tasks.fire([decision])
        }
        let items = try await ListFires(store: overtaken)(
            task.id, .init(from: seconds(0), to: seconds(241), limit: limit)
        ).items
        let all: [FireItem.State] = [.fired, .skipped, .expected, .expected]
        #expect(items.map(\.state) == Array(all.prefix(limit)))
        #expect(items.map(\.scheduledAt) == Array([60, 120, 180, 240].map(seconds).prefix(limit)))
    }

    @Test("no more is expected than max_executions leaves, wherever the range begins")
    func executions() async throws {
        let spec = TaskSpec.fixture(schedule: "0 * * * * *", maxExecutions: 5)
        let task = try await store.tasks.create([TaskDraft(spec: spec, nextRunAt: seconds(60))])[0]
        _ = try await history(task)
        // Two runs were made and five fire times skipped.
        let items = try await service.fires(task.id, .init(from: seconds(421), to: seconds(6_000))).items
        #expect(items.map(\.scheduledAt) == [480, 540, 600].map(seconds))
        let later = try await service.fires(task.id, .init(from: seconds(541), to: seconds(6_000))).items
        #expect(later.map(\.scheduledAt) == [seconds(600)])
        #expect(try await service.fires(task.id, .init(from: seconds(601), to: seconds(6_000))).items.isEmpty)
    }

    @Test("an empty range and a missing task are refused")
    func refusals() async throws {
        let task = try await task()
        let empty = await #expect(throws: SchedulerError.self) {
            try await service.fires(task.id, .init(from: seconds(1), to: seconds(1)))
        }
        #expect(empty?.faults.map(\.field) == ["to"])
        let missing = await #expect(throws: SchedulerError.self) { try await service.fires(TaskID(99)) }
        #expect(missing?.code == .notFound)
    }
}
