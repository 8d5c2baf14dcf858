import Logging
import SchedulerApplication
import SchedulerDispatcher
import SchedulerDomain
import SchedulerTestingUtils
import Testing

@Suite("The ticker", .timeLimit(.minutes(1)))
struct TickerTests {
    private let clock = VirtualClock()
    private let store: InMemoryStore
    /// How far the store's clock is behind that of the process.
    private static let lag: Duration = .milliseconds(5)

    init() {
        let clock = clock
        store = InMemoryStore(now: { clock.now.advanced(by: .zero - TickerTests.lag) })
    }

    private func task(in wait: Duration) async throws {
        let due = try await store.now().advanced(by: wait)
        let spec = TaskSpec.fixture(name: "\(due)", schedule: "0 0 0 1 1 *")
        _ = try await store.tasks.create([TaskDraft(spec: spec, nextRunAt: due)])
    }

    /// Runs a ticker whose poll is far away, and hands over the hints that runs were made.
    private func withTicker(
        isLeading: Bool = true,
        _ body: @Sendable (inout AsyncStream<WakeUp>.AsyncIterator) async throws -> Void
    ) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let ticker = Ticker(
            fireDueTasks: FireDueTasks(tasks: store.tasks, wakeUps: store.wakeUps, clock: clock, logger: logger),
            wakeUps: store.wakeUps, isLeading: { isLeading }, poll: .seconds(86_400), clock: clock, logger: logger)
        var hints = store.wakeUps.stream().makeAsyncIterator()
        try await withThrowingTaskGroup { group in
            group.addTask { try await ticker.run() }
            try await body(&hints)
            group.cancelAll()
        }
    }

    @Test("sleeps until the next fire time, and is never early by the store's clock")
    func sleeps() async throws {
        try await task(in: .seconds(600))
        try await withTicker { hints in
            try await clock.waitForSleepers(1)
            clock.advance(by: .seconds(600) - .microseconds(1))
            #expect(try await store.runs.list(TaskRunQuery()).items.isEmpty)
            clock.advance(by: .microseconds(1))
            #expect(await hints.next() == .runs)
            let run = try #require(try await store.runs.list(TaskRunQuery()).items.first)
            #expect(run.createdAt == run.scheduledAt)
        }
    }

    @Test("is woken by a change, and then sleeps until what is due sooner")
    func woken() async throws {
        try await task(in: .seconds(600))
        try await withTicker { hints in
            try await clock.waitForSleepers(1)
            try await task(in: .zero)
            await store.wakeUps.send(.tasks)
            #expect(await hints.next() == .tasks)
            #expect(await hints.next() == .runs)
            try await clock.waitForSleepers(1)
            clock.advance(by: .seconds(600))
            #expect(await hints.next() == .runs)
            #expect(try await store.runs.list(TaskRunQuery()).items.count == 2)
        }
    }

    @Test("of a dispatcher that does not lead comes a second later, should the leader have left something")
    func standby() async throws {
        try await task(in: .seconds(600))
        try await withTicker(isLeading: false) { hints in
            try await clock.waitForSleepers(1)
            clock.advance(by: .seconds(600))
            #expect(try await store.runs.list(TaskRunQuery()).items.isEmpty)
            clock.advance(by: .seconds(1))
            #expect(await hints.next() == .runs)
            let run = try #require(try await store.runs.list(TaskRunQuery()).items.first)
            #expect(run.scheduledAt.advanced(by: .seconds(1)) == run.createdAt)
        }
    }
}
