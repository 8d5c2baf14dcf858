public import SchedulerDomain

/// Returns workers, latest registration first.
public struct ListWorkers: Sendable {
    private let workers: any WorkerRepository
    /// How many rows are looked through for a status: the store lists without one.
    private static let searched = 10_000

    public init(workers: any WorkerRepository) { self.workers = workers }

    /// - Parameter status: only workers in this state; nil for all, the offline ones included.
    public func callAsFunction(status: WorkerStatus? = nil, limit: Int = 50) async throws -> [WorkerInfo] {
        guard let status else { return try await workers.list(includingOffline: true, limit: limit) }
        let rows = try await workers.list(includingOffline: status == .offline, limit: ListWorkers.searched)
        return Array(rows.lazy.filter { $0.status == status }.prefix(limit))
    }
}
