/// Keeps the workers and takes runs back from those that are lost.
public protocol WorkerRepository: Sendable {
    /// Adds a worker, or renews the row of one that is not offline; the store stamps the times.
    ///
    /// - Throws: `lockLost` where the id went offline before: offline is final.
    func register(_ worker: WorkerInfo) async throws

    /// Renews a worker's lease.
    ///
    /// - Throws: `lockLost` where the worker is offline or unknown; it must stop its tasks and register anew.
    func beat(_ heartbeat: Heartbeat) async throws -> HeartbeatAnswer

    /// Asks a worker that is not offline to take nothing more and to leave; its heartbeats are told from now on.
    /// Repeating it changes nothing.
    ///
    /// - Returns: the worker as it is now; nil where there is none.
    func requestDrain(of worker: WorkerID) async throws -> WorkerInfo?

    /// Ends a worker that leaves by itself; what it still holds is recovered with `RecoveryRepository`.
    func leave(_ worker: WorkerID) async throws

    /// Returns a worker, also an offline one; nil where there is none.
    func find(_ worker: WorkerID) async throws -> WorkerInfo?

    /// Returns workers, latest registration first; the offline ones only where asked for.
    func list(includingOffline: Bool, limit: Int) async throws -> [WorkerInfo]
}

/// A worker's sign of life.
public struct Heartbeat: Sendable, Hashable {
    public var worker: WorkerID
    public var status: WorkerStatus
    public var currentTaskCount: Int
    /// The attempts that it executes now or has yet to see settled.
    public var held: [RunAttempt]
    /// What it can execute now; nil: as before.
    public var executors: [String]?

    public init(
        worker: WorkerID, status: WorkerStatus, currentTaskCount: Int, held: [RunAttempt], executors: [String]? = nil
    ) {
        self.worker = worker
        self.status = status
        self.currentTaskCount = currentTaskCount
        self.held = held
        self.executors = executors
    }
}

public struct HeartbeatAnswer: Sendable, Hashable {
    /// Held attempts whose run somebody wants cancelled.
    public var cancelRequested: [RunAttempt]
    /// Whether somebody wants the worker to take nothing more and to leave.
    public var drainRequested: Bool

    public init(cancelRequested: [RunAttempt] = [], drainRequested: Bool = false) {
        self.cancelRequested = cancelRequested
        self.drainRequested = drainRequested
    }
}
