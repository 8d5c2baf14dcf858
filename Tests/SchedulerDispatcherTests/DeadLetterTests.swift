import Logging
import SchedulerApplication
import SchedulerDispatcher
import SchedulerDomain
import SchedulerFoundation
import SchedulerInfrastructure
import SchedulerTestingUtils
import ServiceLifecycle
import Testing

@Suite("Dead letters", .timeLimit(.minutes(1)))
struct DeadLetterTests {
    private let clock = VirtualClock()
    private let store: InMemoryStore
    private let queue = InProcessMessageQueue()
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() {
        let clock = clock
        store = InMemoryStore(now: { clock.now })
    }

    private static let envelope = """
        "id":"1","correlation_id":null,"timestamp":"2026-11-21T01:00:00Z","retry_count":0,"expires_at":null
        """

    /// Each kind of poison by its name.
    private static let poison: [(String, [UInt8])] = [
        ("nothing", []),
        ("malformed", Array("{\"id\":".utf8)),
        ("another encoding", [0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00]),
        ("a depth bomb", Array(repeating: UInt8(ascii: "["), count: 1 << 20)),
        ("five megabytes", Array(repeating: UInt8(ascii: "x"), count: 5 << 20)),
        ("no envelope", Array("{}".utf8)),
        ("an unknown type", Array("{\(envelope),\"message_type\":\"Gossip\",\"version\":1,\"payload\":{}}".utf8)),
        (
            "an unknown version",
            Array("{\(envelope),\"message_type\":\"TaskStatusUpdate\",\"version\":99,\"payload\":{}}".utf8)
        ),
        ("no payload", Array("{\(envelope),\"message_type\":\"TaskStatusUpdate\",\"version\":1}".utf8)),
        ("misplaced", Array("{\(envelope),\"message_type\":\"HealthCheck\",\"version\":1,\"payload\":{}}".utf8)),
    ]

    @Test("poison of every kind is kept once with its reason, its copies too, and sound outcomes beside it settle")
    func poison() async throws {
        let data = TestDataFactory(store: store, clock: clock)
        let worker = try await data.worker()
        let task = try await data.task()
        _ = try await data.runs(1, of: task)
        let attempt = try #require(try await data.start(on: worker).first).attempt
        let unknown = RunAttempt(run: .next(at: clock.now), attempt: 1)
        let sound = OutcomeParcel.pack(
            [unknown, attempt].map { data.outcome(.success, of: $0, on: worker) }, at: clock.now)

        let services = ServiceGroup(
            services: [
                DeadLetterReceiver(queue: queue, deadLetters: store.deadLetters, logger: logger),
                OutcomeReceiver(
                    queue: queue, settleRuns: SettleRuns(runs: store.runs, logger: logger), freed: Signal(),
                    logger: logger),
            ], logger: logger)
        async let running: Void = services.run()
        for _ in 0..<2 {
            let messages = Self.poison.map { OutgoingMessage(route: .status(.success), body: $0.1) }
            let outcomes = await queue.publish(messages)
            #expect(outcomes.allSatisfy { $0 == .confirmed })
        }
        _ = await queue.publish(sound.map(\.message))
        while try await data.run(attempt.run).status != .completed { try await Task.sleep(for: .milliseconds(5)) }
        while try await store.deadLetters.countDeadLetters() < Self.poison.count {
            try await Task.sleep(for: .milliseconds(5))
        }
        // The copies are out too.
        while queue.depth(of: .dead) > 0 { try await Task.sleep(for: .milliseconds(5)) }
        await services.triggerGracefulShutdown()
        try await running
        let letters = try await store.deadLetters.deadLetters(before: nil, limit: 100).items
        #expect(letters.count == Self.poison.count)
        #expect(letters.allSatisfy { $0.queue == "status" && !$0.reason.isEmpty })
        #expect(Set(letters.compactMap(\.bodyBytes)) == Set(Self.poison.map(\.1.count)))
        #expect(letters.allSatisfy { ($0.body?.utf8.count ?? 0) <= 3 * ParkedLetter.bodyLimit })
        #expect(queue.depth(of: .status) == 0)
    }
}
