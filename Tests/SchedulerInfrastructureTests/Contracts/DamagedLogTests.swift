import Foundation
import GRDB
import SchedulerDomain
import SchedulerTestingUtils
import Testing

@testable import SchedulerInfrastructure

@Suite("Damaged logs")
struct DamagedLogTests {
    private static let damage = "UPDATE run_logs SET body = 'x' || body WHERE first_line = 2"

    @Test("do not keep SQLite from taking runs back, and what can be read of them is told")
    func sqlite() async throws {
        try await withTemporaryFolder { folder in
            let (clock, path) = (VirtualClock(), folder.appending(path: "scheduler.db").path)
            let store = try SQLiteStore(path: path, clock: { clock.now }, wakeUps: InMemoryWakeUps())
            try await recover(TestDataFactory(store: store, clock: clock)) {
                try await DatabaseQueue(path: path).write { try $0.execute(sql: DamagedLogTests.damage) }
            }
            try store.close()
        }
    }

    @Test(
        "do not keep PostgreSQL from taking runs back, and what can be read of them is told",
        .enabled(if: PostgresTestServer.isAvailable, "needs PostgreSQL"))
    func postgres() async throws {
        try await PostgresTestServer.withDatabase { configuration in
            let clock = VirtualClock()
            let store = PostgresStore(
                configuration: configuration, clock: { clock.now }, logger: PostgresTestServer.logger)
            try await recover(TestDataFactory(store: store, clock: clock)) {
                try await PostgresTestServer.withSession(configuration) {
                    try $0.script("damage", DamagedLogTests.damage)
                }
            }
            await store.shutdown()
        }
    }

    private func recover(_ data: TestDataFactory, _ damage: () async throws -> Void) async throws {
        let task = try await data.task(.fixture(retryPolicy: RetryPolicy(maxRetries: 100)))
        let run = try await data.runs(1, of: task)[0]
        let recovery = data.store.recovery
        let term = try #require(try await data.store.locks.acquire("leader", owner: "a", timeToLive: .seconds(99)))
        for crash in 1...3 {
            let attempt = RunAttempt(run: run.id, attempt: crash)
            #expect(try await data.start(on: data.worker()).map(\.attempt) == [attempt])
            if crash == 3 {
                try await data.store.runLogs.append(
                    ["one", "two", "three"].enumerated().map { index, text in
                        let line = LogLine(number: index + 1, time: data.clock.now, stream: .stdout, text: text)
                        return LogChunk(attempt: attempt, tenant: .default, lines: [line])
                    })
                try await damage()
            }
            let lost = try await recovery.recover(silent: recovery.heartbeats(), term: term)
            #expect(lost.returned + lost.ended == [attempt])
        }
        let ended = try await data.store.runs.find([run.id], tenant: .default).first
        #expect(ended?.status == .failed)
        #expect(ended?.errorMessage?.hasSuffix(":\none\nthree") == true)
    }
}
