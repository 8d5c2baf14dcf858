public import Logging
public import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
public import ServiceLifecycle
private import Synchronization

/// Elects the one dispatcher that owns the single duties (silence, recovery, partitions) on `scheduler_locks`.
public final class LeaderElector: Service {
    private static let key = "scheduler.leader"

    private let locks: any DistributedLock
    private let owner: String
    private let term: Duration
    private let logger: Logger
    private let state: Mutex<LeadershipStateMachine>

    /// - Parameters:
    ///   - owner: names this process among the dispatchers.
    ///   - term: how long a leader leads without a renewal; it renews three times in a term.
    public init(locks: any DistributedLock, owner: String, term: Duration = .seconds(10), logger: Logger) {
        self.locks = locks
        self.owner = owner
        self.term = term
        self.logger = logger
        state = Mutex(LeadershipStateMachine(term: term))
    }

    /// The lease of this process while it leads; nil while it does not.
    public var lease: LockLease? { state.withLock { $0.lease(at: MonotonicClock.now) } }

    public func run() async throws {
        let loop = RoleLoop(name: "leader election", signal: Signal(), poll: term / 3, logger: logger)
        await loop.run {
            try await self.renew()
            return nil
        }
        await resign()
    }

    private func renew() async throws {
        let sentAt = MonotonicClock.now
        switch state.withLock({ $0.tick(at: sentAt) }) {
        case .acquire:
            guard let lease = try await locks.acquire(LeaderElector.key, owner: owner, timeToLive: term) else { return }
            try await FailPoint.hit(.electAfterCommit)
            state.withLock { $0.granted(lease, sentAt: sentAt) }
            logger.info("This dispatcher leads now", metadata: [LogKey.leaderToken: "\(lease.token)"])
        case .extend(let lease):
            if try await locks.extend(lease, timeToLive: term) {
                state.withLock { $0.granted(lease, sentAt: sentAt) }
            } else {
                state.withLock { $0.refused() }
                logger.warning("Another dispatcher leads now", metadata: [LogKey.leaderToken: "\(lease.token)"])
            }
        }
    }

    /// Gives the lease back at shutdown, so that the next leader need not wait for the term's end.
    private func resign() async {
        guard let lease else { return }
        let (locks, logger) = (locks, logger)
        await withCancellationShield {
            do {
                try await locks.release(lease)
            } catch {
                logger.info("The leader's lease was not given back and runs out by itself: \(error)")
            }
        }
    }
}
