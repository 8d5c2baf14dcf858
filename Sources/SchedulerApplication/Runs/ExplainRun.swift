public import SchedulerDomain
import SchedulerErrors

/// Says why a run waits, or what became of it.
public struct ExplainRun: Sendable {
    private let runs: any TaskRunRepository

    public init(runs: any TaskRunRepository) { self.runs = runs }

    /// - Throws: `notFound`.
    public func callAsFunction(_ id: RunID, tenant: TenantID = .default) async throws -> RunExplanation {
        guard let outlook = try await runs.outlook(of: id, tenant: tenant) else {
            throw SchedulerError(.notFound, "run \(id) does not exist")
        }
        return RunExplanation(outlook)
    }
}
