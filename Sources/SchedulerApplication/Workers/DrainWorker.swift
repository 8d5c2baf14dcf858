public import SchedulerDomain
import SchedulerErrors

/// Asks a worker to take nothing more, to finish or hand back what it runs, and to leave.
public struct DrainWorker: Sendable {
    private let workers: any WorkerRepository
    private let wakeUps: any WakeUps
    private let isAllowed: Bool

    /// - Parameter isAllowed: false where the workers are part of a process that is more than a worker, and that would
    ///   end with them.
    public init(workers: any WorkerRepository, wakeUps: any WakeUps, isAllowed: Bool = true) {
        self.workers = workers
        self.wakeUps = wakeUps
        self.isAllowed = isAllowed
    }

    /// Asking twice is fine.
    ///
    /// - Returns: the worker as it is now; it is told at once, and in any case by its next heartbeat.
    /// - Throws: `notFound`; `conflict` for a worker that has left, and where it must not leave alone.
    @discardableResult
    public func callAsFunction(_ id: WorkerID) async throws -> WorkerInfo {
        guard isAllowed else {
            _ = try await FindWorker(workers: workers)(id)
            throw SchedulerError(
                .conflict, "worker \(id) is part of a process that is more than a worker; stop that process instead")
        }
        guard let worker = try await workers.requestDrain(of: id) else { throw SchedulerError.unknownWorker(id) }
        guard worker.status != .offline else { throw SchedulerError(.conflict, "worker \(id) is offline already") }
        await wakeUps.send(.worker(id))
        return worker
    }
}

/// Returns one worker, the offline ones included.
public struct FindWorker: Sendable {
    private let workers: any WorkerRepository

    public init(workers: any WorkerRepository) { self.workers = workers }

    /// - Throws: `notFound`.
    public func callAsFunction(_ id: WorkerID) async throws -> WorkerInfo {
        guard let worker = try await workers.find(id) else { throw SchedulerError.unknownWorker(id) }
        return worker
    }
}

extension SchedulerError {
    fileprivate static func unknownWorker(_ id: WorkerID) -> SchedulerError {
        SchedulerError(.notFound, "worker \(id) does not exist")
    }
}
