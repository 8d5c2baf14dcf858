public import Logging
public import SchedulerDomain
import SchedulerErrors
public import SchedulerFoundation
public import ServiceLifecycle
private import Synchronization

/// The leader's watch over workers and messages: takes runs back from workers that fell silent, and returns to
/// pending what was dispatched and never claimed, and ends what runs beyond its time on workers that know nothing of it.
///
/// Safe to stop at any step and to repeat: each write names the leader's token, and moves only rows that still are
/// as they were seen.
public final class RecoveryService: Service {
    private let recovery: any RecoveryRepository
    private let elector: LeaderElector
    private let freed: Signal
    private let unclaimedAfter: Duration
    private let overdueAfter: Duration
    private let interval: Duration
    private let logger: Logger
    private let tracker: Mutex<SilenceTracker>
    private let sweep = Mutex<ForgottenSweep?>(nil)

    /// - Parameters:
    ///   - freed: set when runs returned to pending.
    ///   - lease: the silence after which a worker is lost.
    ///   - unclaimedAfter: how long a dispatched run may wait for its claim.
    ///   - overdueAfter: how long an attempt may need beyond its timeout to be stopped and reported.
    public init(
        recovery: any RecoveryRepository,
        elector: LeaderElector,
        freed: Signal,
        lease: Duration = .seconds(30),
        unclaimedAfter: Duration = RunExplanation.claimPatience,
        overdueAfter: Duration = .seconds(35),
        logger: Logger
    ) {
        self.recovery = recovery
        self.elector = elector
        self.freed = freed
        self.unclaimedAfter = unclaimedAfter
        self.overdueAfter = overdueAfter
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
        let silent = tracker.withLock { $0.observe(heartbeats, at: MonotonicClock.now) }
        do {
            try await recover(silent, term: term)
            let unclaimed = try await recovery.returnUnclaimed(olderThan: unclaimedAfter, term: term)
            if unclaimed > 0 {
                logger.warning(
                    "\(unclaimed) dispatched runs were not claimed in time and are picked anew",
                    metadata: [LogKey.count: "\(unclaimed)"])
                freed.set()
            }
            try await endForgotten(term: term)
        } catch let error as SchedulerError where error.code == .lockLost {
            // The store says that another dispatcher leads; the elector learns it by itself.
            tracker.withLock { $0.reset() }
        }
    }

    /// Looks every few seconds for runs that nobody will report.
    private func endForgotten(term: LockLease) async throws {
        let leading = sweep.withLock { sweep in ForgottenSweep.begin(&sweep, term: term.token, at: MonotonicClock.now) }
        guard let leading else { return }
        let ended = try await recovery.endForgotten(after: overdueAfter, leadingFor: leading, term: term)
        for attempt in ended.returned + ended.ended {
            logger.warning(
                "Run \(attempt.run) ran beyond its time, and its worker does not know of it",
                metadata: [LogKey.runID: "\(attempt.run)", LogKey.attempt: "\(attempt.attempt)"])
        }
        if !ended.returned.isEmpty || !ended.ended.isEmpty { freed.set() }
    }

    private func recover(_ silent: [WorkerID: Int64], term: LockLease) async throws {
        var isPartial = true
        while isPartial {
            let recovered = try await recovery.recover(silent: silent, term: term)
            if !silent.isEmpty { try await FailPoint.hit(.recoverAfterCommit) }
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
