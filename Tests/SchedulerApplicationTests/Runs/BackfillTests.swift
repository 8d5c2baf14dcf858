import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@Suite("Backfilling")
struct BackfillTests {
    private let clock = VirtualClock()
    private let store: InMemoryStore
    private let service: TaskService

    init() {
        let clock = clock
        store = InMemoryStore(now: { clock.now })
        service = TaskService(store: store, clock: clock)
    }

    private func task(_ schedule: String? = "0 * * * * *", change: (inout TaskSpec) -> Void = { _ in }) async throws
        -> TaskID
    {
        var spec = TaskSpec.fixture(schedule: schedule)
        change(&spec)
        return try await store.tasks.create([TaskDraft(spec: spec)])[0].id
    }

    /// A service whose backfills are watched; actions are told the number of the call.
    private func watched(
        before: @escaping WatchedBackfills.Action = { _, _, _ in },
        after: @escaping WatchedBackfills.Action = { _, _, _ in }
    ) -> (service: TaskService, backfills: WatchedBackfills) {
        let backfills = WatchedBackfills(base: store.backfills, before: before, after: after)
        return (TaskService(store: WatchedStore(base: store, backfills: backfills), clock: clock), backfills)
    }

    private func past(_ seconds: Int) -> UTCInstant { clock.now.advanced(by: .seconds(-seconds)) }

    private func runs(of task: TaskID) async throws -> [TaskRun] {
        try await store.runs.list(TaskRunQuery(task: task, limit: 500)).items.sorted { $0.scheduledAt < $1.scheduledAt }
    }

    private func runs(of task: TaskID, _ backfill: RunID) async throws -> [TaskRun] {
        let fires = try await store.backfills.fires(of: task, in: .distantPast ..< .distantFuture, limit: 10_000)
        return try await store.runs.find(fires.filter { $0.backfill == backfill }.map(\.run), tenant: .default)
    }

    @Test("the fire times of the range get runs of low priority that fall due one after another")
    func range() async throws {
        let task = try await task()
        let progress = try await service.backfill(task, BackfillBody(from: past(300), to: past(60)), by: "api")
        let runs = try await runs(of: task)
        // The end of the range is not in it.
        #expect(runs.map(\.scheduledAt) == [300, 240, 180, 120].map(past))
        #expect(runs.map { clock.now.duration(to: $0.dueAt).milliseconds } == [0, 100, 200, 300])
        #expect(runs.allSatisfy { $0.priority == .low && $0.trigger == .backfill && $0.triggeredBy == "api" })
        #expect(runs.allSatisfy { $0.workflow == progress.backfill.id })
        #expect(progress.created == 4 && progress.state == .running && progress.backfill.remainingFrom == nil)
        #expect(try await service.findBackfill(progress.backfill.id, of: task) == progress)
    }

    @Test("at most the limit is made, earliest first, and the answer says where to go on")
    func limit() async throws {
        let task = try await task()
        let first = try await service.backfill(task, BackfillBody(from: past(600), to: clock.now, limit: 3))
        #expect(first.created == 3)
        #expect(first.backfill.remainingFrom == past(420))
        // The same range again: what has a run is left out and does not count.
        let second = try await service.backfill(task, BackfillBody(from: past(600), to: clock.now, limit: 3))
        #expect(second.created == 3 && second.backfill.leftOut == 3)
        #expect(second.backfill.remainingFrom == past(240))
        #expect(try await runs(of: task).map(\.scheduledAt) == [600, 540, 480, 420, 360, 300].map(past))
    }

    @Test("a large backfill goes in slices")
    func slices() async throws {
        let task = try await task("* * * * * *")
        let progress = try await service.backfill(task, BackfillBody(from: past(3_000), to: clock.now, limit: 1_200))
        #expect(progress.created == 1_200)
        #expect(progress.backfill.remainingFrom == past(1_800))
        #expect(try await service.find(task).executionCount == 1_200)
    }

    @Test("a small limit costs few transactions, also where most fire times have their runs")
    func fewTransactions() async throws {
        let task = try await task("* * * * * *")
        _ = try await service.backfill(task, BackfillBody(from: past(3_000), to: past(1_000), limit: 2_000))
        let (service, backfills) = watched()
        let progress = try await service.backfill(task, BackfillBody(from: past(3_000), to: clock.now, limit: 1))
        #expect(progress.created == 1 && progress.backfill.leftOut == 2_000)
        #expect(progress.backfill.remainingFrom == past(999))
        #expect(backfills.calls == 5)
        // It does not wait for the turn of those that were left out.
        #expect(try await runs(of: task, progress.backfill.id).map(\.dueAt) == [clock.now])
    }

    @Test("one that fails half way ends with what it has made, and says where to go on")
    func failure() async throws {
        let task = try await task("* * * * * *")
        let (service, backfills) = watched(before: { call, _, _ in
            if call == 2 { throw SchedulerError(.storeUnavailable, "away") }
        })
        let error = await #expect(throws: SchedulerError.self) {
            try await service.backfill(task, BackfillBody(from: past(3_000), to: clock.now, limit: 3_000))
        }
        #expect(error?.code == .storeUnavailable)
        let found = try await service.findBackfill(try #require(backfills.begun), of: task)
        #expect(found.state == .running && found.created == 500)
        #expect(found.backfill.remainingFrom == past(2_500))
    }

    @Test("one whose caller goes away ends as well")
    func abandoned() async throws {
        let task = try await task("* * * * * *")
        let (service, backfills) = watched(before: { call, _, _ in
            guard call == 2 else { return }
            withUnsafeCurrentTask { $0?.cancel() }
            try Task.checkCancellation()
        })
        let body = BackfillBody(from: past(3_000), to: clock.now, limit: 3_000)
        await #expect(throws: CancellationError.self) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { _ = try await service.backfill(task, body) }
                try await group.next()
            }
        }
        let found = try await store.backfills.find(try #require(backfills.begun), task: task, tenant: .default)
        #expect(found?.state == .running && found?.backfill.remainingFrom == past(2_500))
    }

    @Test("a slice that loses against a concurrent transaction is tried again")
    func conflict() async throws {
        let task = try await task()
        let (service, backfills) = watched(before: { call, _, _ in
            if call < 3 { throw SchedulerError(.transactionConflict, "lost") }
        })
        let progress = try await service.backfill(task, BackfillBody(from: past(300), to: clock.now))
        #expect(progress.created == 5 && backfills.calls == 3)
    }

    @Test("two people who backfill the same range at once get each fire time once")
    func atOnce() async throws {
        let task = try await task("* * * * * *")
        let body = BackfillBody(from: past(1_000), to: clock.now, limit: 1_000)
        let made = try await withThrowingTaskGroup(of: BackfillProgress.self) { group in
            for _ in 0..<4 { group.addTask { try await service.backfill(task, body) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(made.map(\.created).reduce(0, +) == 1_000)
        #expect(try await service.find(task).executionCount == 1_000)
    }

    @Test("it keeps within max_executions and says where it stopped")
    func maxExecutions() async throws {
        let task = try await task { $0.maxExecutions = 2 }
        let progress = try await service.backfill(task, BackfillBody(from: past(300), to: clock.now))
        #expect(progress.created == 2)
        #expect(progress.backfill.remainingFrom == past(180))
        let error = await #expect(throws: SchedulerError.self) {
            try await service.backfill(task, BackfillBody(from: past(300), to: clock.now))
        }
        #expect(error?.code == .conflict)
    }

    @Test("it never exceeds max_concurrent, nor counts as a scheduled run that waits")
    func limits() async throws {
        let task = try await task { $0.maxConcurrent = 2 }
        _ = try await service.backfill(task, BackfillBody(from: past(6_060), to: clock.now, limit: 101))
        #expect(try await store.tasks.load(of: task) == .none)
        try await store.workers.register(WorkerInfoBuilder(at: clock.now).slots(50).build())
        clock.advance(by: .seconds(60))
        #expect(try await store.runs.pick(limit: 100).runs.count == 2)
    }

    @Test("cancelled as a whole, its runs end, and one that is still being made makes no more")
    func cancel() async throws {
        let task = try await task()
        let progress = try await service.backfill(task, BackfillBody(from: past(300), to: clock.now))
        let cancelled = try await service.cancelBackfill(progress.backfill.id, of: task)
        #expect(cancelled.state == .cancelled && cancelled.runs == [.cancelled: 5])
        #expect(try await service.cancelBackfill(progress.backfill.id, of: task) == cancelled)
        #expect(try await runs(of: task).compactMap(\.errorMessage).allSatisfy { $0.contains("backfill") })

        let other = try await self.task("* * * * * *") { $0.name = "other" }
        let canceller = service
        let hasty = watched(after: { _, runs, backfill in
            _ = try await canceller.cancelBackfill(backfill, of: runs[0].task)
        })
        let stopped = try await hasty.service.backfill(
            other, BackfillBody(from: past(3_000), to: clock.now, limit: 3_000))
        #expect(stopped.state == .cancelled && stopped.runs == [.cancelled: 500])
        #expect(stopped.backfill.remainingFrom == past(2_500))
    }

    @Test("a task without a schedule, a draft, and a task that is not there cannot be backfilled")
    func refusals() async throws {
        let body = BackfillBody(from: past(300), to: clock.now)
        let byHand = try await task(nil)
        let draft = try await store.tasks.create([
            TaskDraft(spec: .fixture(name: "draft", schedule: "0 * * * * *"), status: .created)
        ])[0].id
        for (id, code) in [(byHand, SchedulerError.Code.conflict), (draft, .conflict), (TaskID(99), .notFound)] {
            let error = await #expect(throws: SchedulerError.self) { try await service.backfill(id, body) }
            #expect(error?.code == code)
        }
        let unknown = await #expect(throws: SchedulerError.self) {
            try await service.findBackfill(.next(at: clock.now), of: byHand)
        }
        #expect(unknown?.code == .notFound)
        let scheduled = try await task { $0.name = "scheduled" }
        let early = await #expect(throws: SchedulerError.self) {
            try await service.backfill(scheduled, BackfillBody(from: past(300), to: past(-1)))
        }
        #expect(early?.faults.map(\.field) == ["to"])
    }

    @Test(
        "a backfill's body names all its faults",
        arguments: [
            ([:], ["from", "to"]), (["from": "x", "to": 1, "limit": 0], ["from", "to", "limit"]),
            (["from": "2026-11-21T00:00:00Z", "to": "2026-11-21T00:00:00Z"], ["to"]),
            (["from": "2026-11-20T00:00:00Z", "to": "2026-11-21T00:00:00Z", "limit": 10_001, "x": 1], ["limit", "x"]),
        ] as [(JSONValue, [String])])
    func body(json: JSONValue, fields: [String]) {
        let error = #expect(throws: SchedulerError.self) { try BackfillBody(json) }
        #expect(error?.faults.map(\.field) == fields)
    }
}
