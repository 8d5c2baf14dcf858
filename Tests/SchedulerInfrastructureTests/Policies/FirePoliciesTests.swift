import Logging
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

/// What a task does over time, from the use case to the table, on every store and with virtual time.
@Suite("Policies over time on every store")
struct FirePoliciesTests {
    private static let stores: [ContractStore] =
        [.inMemory, .sqlite] + (PostgresTestServer.isAvailable ? [.postgres] : [])

    @Test("an outage is made up for as each misfire policy says, in few rows", arguments: stores)
    func misfires(on store: ContractStore) async throws {
        try await store.run { bench in
            let skip = try await bench.task("skip") { $0.misfirePolicy = .skip }
            let once = try await bench.task("fire_once") { $0.misfirePolicy = .fireOnce }
            let all = try await bench.task("fire_all") {
                $0.misfirePolicy = .fireAll
                $0.misfireLimit = 20
            }
            let narrow = try await bench.task("narrow") {
                $0.misfirePolicy = .fireAll
                $0.misfireWindowSeconds = 15
            }
            bench.clock.advance(by: .seconds(7 * 86_400))
            _ = try await bench.dispatcher()
            // Eleven are on time, one series is skipped.
            for (task, runs) in [(skip, 11), (once, 12), (all, 31), (narrow, 16)] {
                let lines = try await bench.ledger(task)
                #expect(lines.count { $0.run != nil } == runs)
                #expect(lines.filter { $0.run == nil }.map(\.skipped) == [.misfire])
                #expect(lines.last?.scheduledAt == bench.clock.now)
            }
        }
    }

    @Test("overlap skips while a run lives, and goes on when it ends or its worker is lost", arguments: stores)
    func overlapSkip(on store: ContractStore) async throws {
        try await store.run { bench in
            let task = try await bench.task("skip") { $0.overlapPolicy = .skip }
            try await bench.tick()
            let first = try await bench.start()
            for _ in 0..<5 { try await bench.tick() }
            #expect(try await bench.ledger(task).map(\.skipped) == [nil, .overlap])
            try await bench.settle(first, .success)
            try await bench.tick()
            #expect(try await bench.ledger(task).map(\.skipped) == [nil, .overlap, nil])
            _ = try await bench.start()
            try await bench.tick()
            try await bench.store.workers.leave(bench.worker.id)
            try await bench.tick()
            #expect(try await bench.ledger(task).map(\.skipped) == [nil, .overlap, nil, .overlap, nil])
        }
    }

    @Test("overlap cancels the oldest run, and the new one starts when that has ended", arguments: stores)
    func overlapCancel(on store: ContractStore) async throws {
        try await store.run { bench in
            let task = try await bench.task("cancel") { $0.overlapPolicy = .cancelRunning }
            try await bench.tick()
            let first = try await bench.start()
            for _ in 0..<3 { try await bench.tick() }
            let runs = try await bench.runs(of: task)
            #expect(runs.map(\.status) == [.running, .cancelled, .cancelled, .pending])
            #expect(runs[0].cancelRequestedAt == VirtualClock.start.advanced(by: .seconds(2)))
            #expect(runs[1].errorMessage?.contains(runs[2].scheduledAt.description) == true)
            #expect(try await bench.start().isEmpty)
            try await bench.settle(first, .failure(.system))
            #expect(try await bench.runs(of: task).first?.status == .cancelled)
            #expect(try await bench.start().map(\.run) == [runs[3].id])
        }
    }

    @Test("a queue holds a hundred scheduled runs, and what comes then is one skipped series", arguments: stores)
    func overlapQueue(on store: ContractStore) async throws {
        try await store.run { bench in
            let task = try await bench.task("queue") {
                $0.misfirePolicy = .fireAll
                $0.misfireLimit = 1_000
            }
            bench.clock.advance(by: .seconds(95))
            _ = try await bench.dispatcher()
            for _ in 0..<10 { try await bench.tick() }
            let lines = try await bench.ledger(task)
            #expect(lines.count == 101)
            #expect(lines.last?.skipped == .overlap)
            #expect(lines.last?.lastScheduledAt == bench.clock.now)
        }
    }

    @Test("jitter delays the same fire time alike, and never before it", arguments: stores)
    func jitter(on store: ContractStore) async throws {
        try await store.run { bench in
            let task = try await bench.task("jitter") {
                $0.jitterSeconds = 600
                $0.maxConcurrent = 0
            }
            for _ in 0..<5 { try await bench.tick() }
            let runs = try await bench.runs(of: task)
            for run in runs {
                #expect(run.dueAt == FireJitter.dueTime(of: run.scheduledAt, task: task, within: 600))
                #expect(run.dueAt >= run.scheduledAt)
            }
            let due = try #require(runs.map(\.dueAt).min())
            bench.clock.advance(by: bench.clock.now.duration(to: due) - .milliseconds(1))
            #expect(try await bench.start().isEmpty)
            bench.clock.advance(by: .milliseconds(1))
            #expect(try await bench.start().count == 1)
        }
    }

    @Test("max_executions is exact with several dispatchers, triggers and a backfill at once", arguments: stores)
    func maxExecutions(on store: ContractStore) async throws {
        try await store.run { bench in
            let task = try await bench.task("limited") {
                $0.maxExecutions = 30
                $0.misfirePolicy = .fireAll
                $0.maxConcurrent = 0
            }
            for seconds in [9, 30] {
                bench.clock.advance(by: .seconds(seconds))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<3 { group.addTask { _ = try await bench.dispatcher() } }
                    for _ in 0..<2 { group.addTask { try await bench.trigger(task) } }
                    try await group.waitForAll()
                }
            }
            while try await bench.dispatcher().runsCreated > 0 {}
            let after = try await bench.service.find(task)
            #expect(after.executionCount == 30)
            #expect(after.status == .inactive)
            let runs = try await bench.runs(of: task)
            #expect(runs.count == 30)
            let fired = try await bench.ledger(task).map(\.scheduledAt)
            #expect(Set(fired).count == fired.count)
            #expect(fired == runs.filter { $0.trigger == .scheduled }.map(\.scheduledAt))
        }
    }

    @Test("a pause shows while it lasts, stays in the ledger, and can be backfilled once", arguments: stores)
    func pauseAndBackfill(on store: ContractStore) async throws {
        try await store.run { bench in
            let task = try await bench.task("paused") { _ in }
            try await bench.tick()
            _ = try await bench.service.pause(task)
            bench.clock.advance(by: .seconds(60))
            #expect(try await bench.dispatcher().runsCreated == 0)
            let during = try await bench.service.fires(task).items
            #expect(during.map(\.state) == [.fired, .paused])
            #expect(during.last?.count == 60)
            _ = try await bench.service.resume(task)
            let range = BackfillBody(
                from: VirtualClock.start.advanced(by: .seconds(1)), to: bench.clock.now, limit: 1_000)
            let made = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<3 { group.addTask { try await bench.service.backfill(task, range).created } }
                return try await group.reduce(0, +)
            }
            // The first second fired by itself, and the last one lies beyond the range.
            #expect(made == 59)
            try await bench.tick()
            let items = try await bench.service.fires(task, .init(to: bench.clock.now, limit: 500)).items
            #expect(items.map(\.state) == [.fired, .skipped] + Array(repeating: .backfilled, count: 59))
            #expect(try await bench.service.find(task).executionCount == 61)
        }
    }

    @Test("end_date ends the task with its last fire time", arguments: stores)
    func endDate(on store: ContractStore) async throws {
        try await store.run { bench in
            let task = try await bench.task("ending") {
                $0.startDate = VirtualClock.start.advanced(by: .seconds(2))
                $0.endDate = VirtualClock.start.advanced(by: .seconds(4))
            }
            for _ in 0..<8 { try await bench.tick() }
            #expect(
                try await bench.ledger(task).map(\.scheduledAt)
                    == (2...4).map { VirtualClock.start.advanced(by: .seconds($0)) })
            #expect(try await bench.service.find(task).status == .inactive)
        }
    }
}
