import SchedulerTestingUtils
import Testing

@Suite("The contract of stores")
struct StoreContractTests {
    @Test("holds", arguments: ContractStore.available, StoreContract.cases)
    func holds(store: ContractStore, sentence: ContractCase) async throws {
        try await store.run(sentence)
    }
}
