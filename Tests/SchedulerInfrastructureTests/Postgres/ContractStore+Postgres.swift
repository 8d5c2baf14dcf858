import SchedulerInfrastructure
import SchedulerTestingUtils

extension ContractStore {
    /// The PostgreSQL store on a database of its own.
    static let postgres = ContractStore("PostgreSQL") { clock, use in
        try await PostgresTestServer.withDatabase { configuration in
            let store = PostgresStore(
                configuration: configuration, clock: { clock.now }, logger: PostgresTestServer.logger)
            let result: Result<Void, any Error>
            do { result = .success(try await use(store)) } catch { result = .failure(error) }
            await store.shutdown()
            try result.get()
        }
    }
}
