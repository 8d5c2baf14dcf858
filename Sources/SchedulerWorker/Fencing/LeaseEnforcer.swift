/// Until when a worker's work may go on unless its lease is renewed.
public struct LeaseDeadline: Sendable, Hashable {
    /// When work is told to stop.
    public var stopAt: ContinuousClock.Instant
    /// How long after that it may still take.
    public var grace: Duration

    public init(stopAt: ContinuousClock.Instant, grace: Duration) {
        self.stopAt = stopAt
        self.grace = grace
    }
}

/// Ends work at a worker's deadline by itself, also where the worker hangs.
///
/// A power of some executor registries. A registry of your own that hands out executors of `ExecutorFactory` passes the
/// deadline on to the registry that it has them from. One registry serves one worker.
public protocol LeaseEnforcer: Sendable {
    /// Replaces the deadline; before the first one nothing is enforced. Returns at once.
    func enforce(_ deadline: LeaseDeadline)
}
