import SchedulerTestingUtils
import Testing

@Suite("The contract of stores")
struct StoreContractTests {
    @Test("holds in memory", arguments: StoreContract.cases)
    func inMemory(sentence: ContractCase) async throws { try await ContractStore.inMemory.run(sentence) }

    @Test("holds on SQLite", arguments: StoreContract.cases)
    func sqlite(sentence: ContractCase) async throws { try await ContractStore.sqlite.run(sentence) }

    @Test(
        "holds on PostgreSQL", .enabled(if: PostgresTestServer.isAvailable, "needs SCHEDULER_TEST_POSTGRES_URL"),
        arguments: StoreContract.cases)
    func postgres(sentence: ContractCase) async throws { try await ContractStore.postgres.run(sentence) }
}
