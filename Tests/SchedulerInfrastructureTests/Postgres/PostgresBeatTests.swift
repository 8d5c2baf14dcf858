import SchedulerDomain
import SchedulerTestingUtils
import Testing

@testable import SchedulerInfrastructure

@Suite("Heartbeats over PostgreSQL", .enabled(if: PostgresTestServer.isAvailable, "needs PostgreSQL"))
struct PostgresBeatTests {
    private static let sleep = PostgresStatement.read("test.sleep", "SELECT pg_sleep(600)::text")

    @Test("a beat has a session of its own: it passes while the whole pool is busy and others wait for it")
    func ownSession() async throws {
        try await PostgresTestServer.withDatabase { configuration in
            var configuration = configuration
            configuration.poolSize = 2
            let store = PostgresStore(configuration: configuration, logger: PostgresTestServer.logger)
            let worker = WorkerInfoBuilder(at: .epoch).build()
            try await store.workers.register(worker)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<6 {
                    group.addTask { try? await store.pool.withSession("busy") { _ = try $0.execute(Self.sleep) } }
                }
                while store.pool.health.active < 2 || store.pool.health.waiting < 4 { await Task.yield() }
                let beat = Heartbeat(worker: worker.id, status: .online, currentTaskCount: 0, held: [])
                await #expect(throws: Never.self) { try await store.workers.beat(beat) }
                #expect(store.pool.health.waiting == 4)
                group.cancelAll()
                await store.pool.cancelStatements()
            }
            await store.shutdown()
        }
    }
}
