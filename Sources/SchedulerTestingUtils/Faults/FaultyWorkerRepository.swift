public import SchedulerDomain
import SchedulerErrors
private import Synchronization

/// A repository of workers that is away when a test says so.
public final class FaultyWorkerRepository: WorkerRepository {
    private struct State {
        var isAway = false
        var refusedBeats = 0
    }

    private let base: any WorkerRepository
    private let state = Mutex(State())

    public init(base: any WorkerRepository) { self.base = base }

    /// Lets all calls fail as they do without a store, or not any more.
    public func setAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }

    /// How many beats have failed because it was away.
    public var refusedBeats: Int { state.withLock { $0.refusedBeats } }

    public func register(_ worker: WorkerInfo) async throws {
        try check()
        try await base.register(worker)
    }

    public func beat(_ heartbeat: Heartbeat) async throws -> HeartbeatAnswer {
        try check(isBeat: true)
        return try await base.beat(heartbeat)
    }

    public func requestDrain(of worker: WorkerID) async throws -> WorkerInfo? {
        try check()
        return try await base.requestDrain(of: worker)
    }

    public func leave(_ worker: WorkerID) async throws {
        try check()
        try await base.leave(worker)
    }

    public func find(_ worker: WorkerID) async throws -> WorkerInfo? {
        try check()
        return try await base.find(worker)
    }

    public func list(includingOffline: Bool, limit: Int) async throws -> [WorkerInfo] {
        try check()
        return try await base.list(includingOffline: includingOffline, limit: limit)
    }

    private func check(isBeat: Bool = false) throws {
        try state.withLock { state in
            guard state.isAway else { return }
            if isBeat { state.refusedBeats += 1 }
            throw SchedulerError(.storeUnavailable, "the store is away")
        }
    }
}
