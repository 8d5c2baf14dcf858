import SchedulerTestingUtils

extension ContractStore {
    /// Every store that can be opened here.
    static let available: [ContractStore] = [.inMemory, .sqlite]
}
