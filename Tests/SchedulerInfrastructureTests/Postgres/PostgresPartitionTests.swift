import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerInfrastructure

@Suite("Partitions of the history", .enabled(if: PostgresTestServer.isAvailable, "needs PostgreSQL"))
struct PostgresPartitionTests {
    @Test("days are made ahead once, and what the default partition took of them moves")
    func prepare() async throws {
        try await PostgresTestServer.withDatabase { configuration in
            let clock = VirtualClock()
            let now: @Sendable () -> UTCInstant = { clock.now }
            let store = PostgresStore(configuration: configuration, clock: now, logger: PostgresTestServer.logger)
            let partitions = PostgreSQLHistoryPartitions(
                configuration: configuration, clock: now, logger: PostgresTestServer.logger)
            let term = try #require(try await store.locks.acquire("leader", owner: "a", timeToLive: .seconds(10)))
            // A finished run without a partition of its day.
            let spec = TaskSpec(name: "t", taskType: "x", executor: "x")
            let task = try await store.tasks.create([TaskDraft(spec: spec)])[0]
            let run = NewRun(id: RunID(at: clock.now), task: task.id)
            _ = try await store.runs.enqueue([[run]])
            _ = try await store.tasks.delete([task.id], tenant: .default)
            #expect(try await count("run_history_default", configuration) == 1)

            let made = try await partitions.prepare(daysAhead: 2, term: term)
            #expect(made.count == 9)
            #expect(try await partitions.prepare(daysAhead: 2, term: term).isEmpty)
            #expect(try await count("run_history_default", configuration) == 0)
            #expect(try await count("run_history", configuration) == 1)
            #expect(try await store.runs.find([run.id], tenant: .default).map(\.status) == [.cancelled])

            // The next day adds one of each table; a deposed leader adds none.
            clock.advance(by: .seconds(86_400))
            #expect(try await partitions.prepare(daysAhead: 2, term: term).count == 3)
            clock.advance(by: .seconds(86_400))
            _ = try await store.locks.acquire("leader", owner: "b", timeToLive: .seconds(10))
            let error = await #expect(throws: SchedulerError.self) {
                try await partitions.prepare(daysAhead: 2, term: term)
            }
            #expect(error?.code == .lockLost)
            await partitions.shutdown()
            await store.shutdown()
        }
    }

    private func count(_ table: String, _ configuration: PostgresConfiguration) async throws -> Int? {
        try await PostgresTestServer.withSession(configuration) { session in
            try session.execute(.list("SELECT count(*) FROM \(table)")).first { try $0.int() }
        }
    }
}
