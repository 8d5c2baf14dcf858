public import Logging
public import SchedulerDomain
import SchedulerErrors
public import SchedulerFoundation
public import ServiceLifecycle
private import Synchronization

/// The leader's watch over workers and messages: takes runs back from workers that fell silent, and returns to
/// pending what was dispatched and never claimed.
///
/// Safe to stop at any step and to repeat: each write names the leader's token, and moves only rows that still are
/// as they were seen.
public final class RecoveryService: Service {
    private let recovery: any RecoveryRepository
    private let elector: LeaderElector
    private let freed: Signal
    private let unclaimedAfter: Duration
    private let interval: Duration
    private let logger: Logger
    private let tracker: Mutex<SilenceTracker>

    /// - Parameters:
    ///   - freed: set when runs returned to pending.
    ///   - lease: the silence after which a worker is lost.
    ///   - unclaimedAfter: how long a dispatched run may wait for its claim.
    public init(
        recovery: any RecoveryRepository,
        elector: LeaderElector,
        freed: Signal,
        lease: Duration = .seconds(30),
        unclaimedAfter: Duration = RunExplanation.claimPatience,
        logger: Logger
    ) {
        self.recovery = recovery
        self.elector = elector
        self.freed = freed
        self.unclaimedAfter = unclaimedAfter
        interval = min(.seconds(1), lease / 6)
        self.logger = logger
        tracker = Mutex(SilenceTracker(lease: lease, longestStep: interval * 3))
    }

    public func run() async throws {
        let loop = RoleLoop(name: "recovery", signal: Signal(), poll: interval, logger: logger)
        await loop.run {
            try await self.pass()
            return nil
        }
    }

    private func pass() async throws {
        guard let term = elector.lease else { return tracker.withLock { $0.reset() } }
        let heartbeats: [WorkerID: Int64]
        do {
            heartbeats = try await recovery.heartbeats()
        } catch {
            tracker.withLock { $0.readFailed() }
            throw error
        }
        let silent = tracker.withLock { $0.observe(heartbeats, at: .now) }
        do {
            try await recover(silent, term: term)
            let unclaimed = try await recovery.returnUnclaimed(olderThan: unclaimedAfter, term: term)
            if unclaimed > 0 {
                logger.warning(
                    "\(unclaimed) dispatched runs were not claimed in time and are picked anew",
                    metadata: [LogKey.count: "\(unclaimed)"])
                freed.set()
            }
        } catch let error as SchedulerError where error.code == .lockLost {
            // The store says that another dispatcher leads; the elector learns it by itself.
            tracker.withLock { $0.reset() }
        }
    }

    private func recover(_ silent: [WorkerID: Int64], term: LockLease) async throws {
        var isPartial = true
        while isPartial {
            let recovered = try await recovery.recover(silent: silent, term: term)
            for worker in recovered.workersLost {
                logger.warning("Worker \(worker) fell silent and is offline", metadata: [LogKey.workerID: "\(worker)"])
            }
            for attempt in recovered.returned + recovered.ended {
                logger.warning(
                    "Run \(attempt.run) was taken back from its lost worker",
                    metadata: [LogKey.runID: "\(attempt.run)", LogKey.attempt: "\(attempt.attempt)"])
            }
            if !recovered.returned.isEmpty || !recovered.ended.isEmpty { freed.set() }
            isPartial = recovered.isPartial
        }
    }
}
