/// Locks with an owner, a time to live and a fencing token, kept in the store (`scheduler_locks`).
public protocol DistributedLock: Sendable {
    /// Takes a free or expired lock.
    ///
    /// - Returns: the lease with a token higher than every one before; nil where somebody else holds it.
    func acquire(_ key: String, owner: String, timeToLive: Duration) async throws -> LockLease?

    /// Prolongs a lease.
    ///
    /// - Returns: false where it is no longer the owner's.
    func extend(_ lease: LockLease, timeToLive: Duration) async throws -> Bool

    /// Gives a lease back; one that is no longer the owner's is left alone.
    func release(_ lease: LockLease) async throws
}

/// A lock that somebody holds.
public struct LockLease: Sendable, Hashable {
    public var key: String
    public var owner: String
    /// The fencing token: it only rises, and each write of the holder is compared with it by the store.
    public var token: Int64

    public init(key: String, owner: String, token: Int64) {
        self.key = key
        self.owner = owner
        self.token = token
    }
}
