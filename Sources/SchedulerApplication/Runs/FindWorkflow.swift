public import SchedulerDomain
import SchedulerErrors

/// Returns a workflow: the runs of one wave with the edges between them, or those of a backfill.
public struct FindWorkflow: Sendable {
    /// The most runs that are shown, and the most tasks without one.
    private static let limit = 1_000

    private let runs: any TaskRunRepository

    public init(runs: any TaskRunRepository) { self.runs = runs }

    /// - Throws: `notFound`.
    public func callAsFunction(_ id: RunID, tenant: TenantID = .default) async throws -> Workflow {
        let record = try await runs.wave(id, tenant: tenant, limit: FindWorkflow.limit)
        guard let workflow = Workflow(id, record) else {
            throw SchedulerError(.notFound, "workflow \(id) does not exist")
        }
        return workflow
    }
}
