import Logging
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Synchronization
import Testing

@Suite("Picking and settling")
struct PickAndSettleTests {
    private let clock = VirtualClock()
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// A store with one task, a worker with many slots, and runs waiting.
    private func make(runs count: Int) async throws -> (store: InMemoryStore, data: TestDataFactory, ids: [RunID]) {
        let clock = clock
        let store = InMemoryStore(now: { clock.now })
        let data = TestDataFactory(store: store, clock: clock)
        let task = try await data.task(TaskBuilder().maxConcurrent(0).build().spec)
        _ = try await data.worker(task.spec.taskType)
        return (store, data, try await data.runs(count, of: task).map(\.id))
    }

    @Test("picked runs travel at most 32 to a message, and small picks are spread over many")
    func parcels() async throws {
        for (count, messages, largest) in [(500, 16, 32), (12, 12, 1), (64, 8, 8)] {
            let (store, _, _) = try await make(runs: count)
            let queue = RecordingQueue(outcome: .confirmed)
            let pass = try await PickRuns(runs: store.runs, queue: queue, batch: 500, logger: logger)()
            #expect(pass.published == count)
            #expect(queue.published.count == messages)
            #expect(try queue.published.map { try MessageDecoder.attempts(in: $0.body).count }.max() == largest)
        }
    }

    @Test(
        "what the broker did not take goes back to pending and is picked anew",
        arguments: [
            PublishOutcome.returned, .refused, .unknown,
        ])
    func undelivered(outcome: PublishOutcome) async throws {
        let (store, _, ids) = try await make(runs: 3)
        let failing = PickRuns(runs: store.runs, queue: RecordingQueue(outcome: outcome), logger: logger)
        let pass = try await failing()
        #expect(pass.published == 0 && pass.undelivered == 3)
        let again = try await store.runs.pick(limit: 10)
        #expect(Set(again.runs.map(\.attempt)) == Set(ids.map { RunAttempt(run: $0, attempt: 1) }))
    }

    @Test("a pass that ended at its own bound is followed by another at once")
    func goesOn() async throws {
        let (store, _, _) = try await make(runs: 5)
        let pickRuns = PickRuns(runs: store.runs, queue: RecordingQueue(outcome: .confirmed), batch: 3, logger: logger)
        let full = try await pickRuns()
        #expect(full.published == 3 && full.nextDueIn == .zero)
        let rest = try await pickRuns()
        #expect(rest.published == 2 && rest.nextDueIn == nil)
    }

    @Test("an outcome that the store cannot keep fails alone, its neighbours complete")
    func badOutcome() async throws {
        let (store, data, ids) = try await make(runs: 3)
        let worker = try await data.worker()
        let picked = try await store.runs.pick(limit: 10).runs.map(\.attempt)
        _ = try await store.runs.claim(RunClaim(worker: worker.id, take: picked))
        let outcomes = ids.map { id in
            RunOutcome(
                attempt: RunAttempt(run: id, attempt: 1), worker: worker.id, ending: .success, startedAt: clock.now,
                endedAt: clock.now, result: id == ids[1] ? "bad" : "good")
        }
        let faulty = FaultyTaskRunRepository(base: store.runs)
        faulty.refuseOutcomes { $0.result == "bad" }
        let settle = SettleRuns(runs: faulty, logger: logger)
        let settlements = try await settle(outcomes)
        #expect(settlements[0] == .ended(.completed) && settlements[2] == .ended(.completed))
        guard case .returned = settlements[1] else {
            Issue.record("the bad outcome counts as a failure and is retried, but was \(settlements[1])")
            return
        }
        let run = try #require(try await store.runs.find([ids[1]], tenant: .default).first)
        #expect(run.failures == 1)
    }

    @Test("a batch that takes the store too long is settled in parts, also those that share it")
    func tooLarge() async throws {
        let (store, data, ids) = try await make(runs: 40)
        let worker = try await data.worker()
        let picked = try await store.runs.pick(limit: 100).runs.map(\.attempt)
        _ = try await store.runs.claim(RunClaim(worker: worker.id, take: picked))
        let outcomes = ids.map { id in
            RunOutcome(
                attempt: RunAttempt(run: id, attempt: 1), worker: worker.id, ending: .success, startedAt: clock.now,
                endedAt: clock.now)
        }
        let faulty = FaultyTaskRunRepository(base: store.runs)
        faulty.settleAtMost(4)
        let settle = SettleRuns(runs: faulty, logger: logger)
        let settlements = try await settle(outcomes)
        #expect(settlements == Array(repeating: .ended(.completed), count: 40))
        faulty.settleAtMost(0)
        let error = await #expect(throws: SchedulerError.self) { try await settle(Array(outcomes.prefix(3))) }
        #expect(error?.code == .timeout, "one outcome alone cannot be halved")
    }
}

/// A queue that gives every message the same outcome and remembers it.
private final class RecordingQueue: MessageQueue {
    private let outcome: PublishOutcome
    private let messages = Mutex<[OutgoingMessage]>([])

    init(outcome: PublishOutcome) { self.outcome = outcome }

    var published: [OutgoingMessage] { messages.withLock { $0 } }
    var isConnected: Bool { true }

    func publish(_ messages: [OutgoingMessage]) async -> [PublishOutcome] {
        self.messages.withLock { $0 += messages }
        return messages.map { _ in outcome }
    }

    func subscribe(to queue: QueueName, prefetch: Int) async throws -> any QueueSubscription {
        throw SchedulerError(.messageQueue, "this queue only records")
    }
}
