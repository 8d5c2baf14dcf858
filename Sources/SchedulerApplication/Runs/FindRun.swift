public import SchedulerDomain
import SchedulerErrors

/// Returns one run, live or finished.
public struct FindRun: Sendable {
    private let runs: any TaskRunRepository

    public init(runs: any TaskRunRepository) { self.runs = runs }

    /// - Throws: `notFound`.
    public func callAsFunction(_ id: RunID, tenant: TenantID = .default) async throws -> TaskRun {
        guard let run = try await runs.find([id], tenant: tenant).first else {
            throw SchedulerError(.notFound, "run \(id) does not exist")
        }
        return run
    }
}
