public import SchedulerDomain
import SchedulerErrors

/// Workers in memory.
public final class InMemoryWorkerRepository: WorkerRepository {
    private let shared: InMemoryShared

    init(_ shared: InMemoryShared) { self.shared = shared }

    /// A repository of its own, that shares its state with no other.
    public convenience init(now: @escaping @Sendable () -> UTCInstant) { self.init(InMemoryShared(now: now)) }

    public func register(_ worker: WorkerInfo) async throws {
        try shared.transaction { state, now in
            let known = state.workers[worker.id]
            if known != nil { try state.checkAlive(worker.id) }
            var row = worker
            row.registeredAt = known?.registeredAt ?? now
            row.lastHeartbeat = now
            row.drainRequestedAt = known?.drainRequestedAt
            row.heartbeatSequence = known.map { $0.heartbeatSequence + 1 } ?? 0
            state.workers[worker.id] = row
        }
    }

    public func beat(_ heartbeat: Heartbeat) async throws -> HeartbeatAnswer {
        try shared.transaction { state, now in
            try state.checkAlive(heartbeat.worker)
            state.workers[heartbeat.worker]?.status = heartbeat.status
            state.workers[heartbeat.worker]?.currentTaskCount = heartbeat.currentTaskCount
            state.workers[heartbeat.worker]?.lastHeartbeat = now
            state.workers[heartbeat.worker]?.heartbeatSequence += 1
            state.held[heartbeat.worker] = Set(heartbeat.held)
            if let executors = heartbeat.executors { state.workers[heartbeat.worker]?.executors = executors }
            return HeartbeatAnswer(
                cancelRequested: heartbeat.held.filter { held in
                    guard let run = state.live[held.run] else { return false }
                    return run.attempt == held.attempt && run.cancelRequestedAt != nil
                },
                drainRequested: state.workers[heartbeat.worker]?.drainRequestedAt != nil)
        }
    }

    public func requestDrain(of worker: WorkerID) async throws -> WorkerInfo? {
        shared.transaction { state, now in
            guard var row = state.workers[worker] else { return nil }
            if row.status != .offline { row.drainRequestedAt = row.drainRequestedAt ?? now }
            state.workers[worker] = row
            return row
        }
    }

    public func leave(_ worker: WorkerID) async throws {
        shared.transaction { state, _ in state.workers[worker]?.status = .offline }
    }

    public func find(_ worker: WorkerID) async throws -> WorkerInfo? {
        shared.transaction { state, _ in state.workers[worker] }
    }

    public func list(includingOffline: Bool, limit: Int) async throws -> [WorkerInfo] {
        shared.transaction { state, _ in
            let rows = state.workers.values
                .filter { includingOffline || $0.status != .offline }
                .sorted { ($0.registeredAt, $0.id) > ($1.registeredAt, $1.id) }
            return Array(rows.prefix(limit))
        }
    }
}
