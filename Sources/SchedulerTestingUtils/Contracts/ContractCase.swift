public import SchedulerDomain

/// One sentence of a contract, and the steps that prove it on a store.
public struct ContractCase: Sendable, CustomStringConvertible {
    /// The sentence; test reports show it.
    public let description: String
    private let body: @Sendable (TestDataFactory) async throws -> Void

    public init(_ sentence: String, body: @escaping @Sendable (TestDataFactory) async throws -> Void) {
        description = sentence
        self.body = body
    }

    /// Runs the steps on an empty store that tells the time by the clock.
    ///
    /// - Throws: `ContractViolation` where the store does not keep to the sentence; else what the store throws.
    public func run(on store: any SchedulerStore, clock: VirtualClock) async throws {
        try await body(TestDataFactory(store: store, clock: clock))
    }
}

/// A store that a contract is run on: its name, and how to open an empty one for the length of a test.
///
/// An adapter written elsewhere makes a value of its own and loops over `StoreContract.cases`.
public struct ContractStore: Sendable, CustomStringConvertible {
    public typealias Use = @Sendable (any SchedulerStore) async throws -> Void

    public let description: String
    private let open: @Sendable (VirtualClock, Use) async throws -> Void

    /// - Parameter open: opens an empty store that tells the time by the clock, hands it to `Use`, and disposes of it
    ///   afterwards, also when `Use` throws.
    public init(_ name: String, open: @escaping @Sendable (VirtualClock, Use) async throws -> Void) {
        description = name
        self.open = open
    }

    /// Runs one case on a fresh store.
    public func run(_ contract: ContractCase) async throws {
        try await withStore { store, clock in try await contract.run(on: store, clock: clock) }
    }

    /// Opens a fresh store for other tests.
    public func withStore(
        _ body: @escaping @Sendable (any SchedulerStore, VirtualClock) async throws -> Void
    ) async throws {
        let clock = VirtualClock()
        try await open(clock) { store in try await body(store, clock) }
    }

    public static let inMemory = ContractStore("in memory") { clock, use in
        try await use(InMemoryStore(now: { clock.now }))
    }
}

/// What every store does, case by case.
public enum StoreContract {
    public static let cases: [ContractCase] = [
        taskCases, editCases, deletionCases, versionCases,
        dueCases, fireCases, fireSeriesCases, raceCases, overlapCases, cancelCases, cancelRaceCases, backfillCases,
        zoneCases,
        enqueueCases, runQueryCases, pickCases, limitCases, fairnessCases, sharedLimitCases, saturationCases,
        outlookCases, abilityCases, deliveryCases, claimCases, pickAndClaimCases,
        settleCases, retryCases, lateCases, lateReportCases, deadLetterCases, logCases, progressCases,
        dependencyCases, waveCases, joinCases, randomWaveCases, randomRootsCases,
        workerCases, lockCases, recoveryCases, suspectCases, forgottenCases, restartCases,
    ].flatMap { $0 }
}
