public import SchedulerDomain

/// Locks in memory.
public final class InMemoryLocks: DistributedLock {
    private let shared: InMemoryShared

    init(_ shared: InMemoryShared) { self.shared = shared }

    /// Locks of their own, that share their state with no store.
    public convenience init(now: @escaping @Sendable () -> UTCInstant) { self.init(InMemoryShared(now: now)) }

    public func acquire(_ key: String, owner: String, timeToLive: Duration) async throws -> LockLease? {
        shared.transaction { state, now in
            let lock = state.locks[key]
            if let lock, let holder = lock.owner, holder != owner, lock.expiresAt > now { return nil }
            let token = (lock?.token ?? 0) + 1
            state.locks[key] = InMemoryLock(owner: owner, expiresAt: now.advanced(by: timeToLive), token: token)
            return LockLease(key: key, owner: owner, token: token)
        }
    }

    public func extend(_ lease: LockLease, timeToLive: Duration) async throws -> Bool {
        shared.transaction { state, now in
            guard state.locks[lease.key]?.isHeld(by: lease) == true else { return false }
            state.locks[lease.key]?.expiresAt = now.advanced(by: timeToLive)
            return true
        }
    }

    public func release(_ lease: LockLease) async throws {
        shared.transaction { state, _ in
            guard state.locks[lease.key]?.isHeld(by: lease) == true else { return }
            state.locks[lease.key]?.owner = nil
        }
    }
}
