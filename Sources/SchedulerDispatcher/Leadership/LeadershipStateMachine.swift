import SchedulerDomain

/// Who leads, decided by time alone.
///
/// The store is authoritative: it hands out leases with growing tokens, and each of the leader's writes names its
/// token, so a leader that sleeps through its term writes nothing when it wakes. The monotonic term kept here only
/// saves it the attempt.
struct LeadershipStateMachine {
    enum Action: Equatable {
        case acquire
        case extend(LockLease)
    }

    private enum State {
        case follower
        case leader(LockLease, until: ContinuousClock.Instant)
    }

    private let term: Duration
    private var state: State = .follower

    init(term: Duration) { self.term = term }

    /// What to ask the store for now.
    mutating func tick(at now: ContinuousClock.Instant) -> Action {
        guard let lease = lease(at: now) else { return .acquire }
        return .extend(lease)
    }

    /// The lease, while its term lasts; nil for a follower.
    mutating func lease(at now: ContinuousClock.Instant) -> LockLease? {
        guard case .leader(let lease, let until) = state else { return nil }
        if now < until { return lease }
        state = .follower
        return nil
    }

    /// The store granted or prolonged a lease; the term counts from the moment the request was sent.
    mutating func granted(_ lease: LockLease, sentAt: ContinuousClock.Instant) {
        state = .leader(lease, until: sentAt.advanced(by: term))
    }

    /// The store refused: somebody else leads.
    mutating func refused() { state = .follower }
}
