/// How a lease is divided, so that everything of a worker is gone before it ends.
struct FenceTimes: Sendable, Hashable {
    let lease: Duration
    /// Between the request to stop and the end of what does not obey.
    let grace: Duration
    /// Left over at the end, for signals, sweeps and timers that come late.
    let margin: Duration

    init(lease: Duration, killGrace: Duration) {
        self.lease = lease
        grace = min(killGrace, lease / 6)
        margin = lease / 15
    }

    /// From the sending of a good beat to the moment at which work is told to stop.
    var untilStop: Duration { lease - grace - margin }
}

/// Decides when a worker that cannot renew its lease stops what it runs.
///
/// The store is authoritative: it counts a lease from the arrival of a beat, and arrival comes after sending, so a worker
/// that counts from sending is always the first to be done. All times are of the monotonic clock.
///
/// - Open: the last good beat was sent less than `untilStop` ago. Work may begin.
/// - Stopping: that time is over, or the store has said that the lease is. Nothing begins, what runs is told to stop, and
///   what has not returned after the grace can only end with the process. A good beat before the end of the lease opens
///   the fence again; what was told to stop stays stopped.
/// - Given up: the lease is over. The identifier is used for nothing any more.
struct FenceStateMachine {
    enum Action: Equatable {
        case wait
        /// Tell all work to stop.
        case stopWork
        /// Take another identifier.
        case giveUp
        /// End the process: something has not returned.
        case exit
    }

    private enum Phase {
        case open
        case stopping(since: ContinuousClock.Instant)
    }

    private let times: FenceTimes
    private var phase = Phase.open
    private var lastBeat: ContinuousClock.Instant
    private var stopAt: ContinuousClock.Instant
    private var leaseEnd: ContinuousClock.Instant
    private var isGivenUp = false
    private var isTakenAway = false
    private var hasAskedForExit = false

    /// - Parameter sentAt: when the registration was sent, which counts as the first beat.
    init(_ times: FenceTimes, registrationSentAt sentAt: ContinuousClock.Instant) {
        self.times = times
        lastBeat = sentAt
        stopAt = sentAt + times.untilStop
        leaseEnd = sentAt + times.lease
    }

    /// What others enforce who can.
    var deadline: LeaseDeadline { LeaseDeadline(stopAt: stopAt, grace: times.grace) }

    /// Why no work may begin or go on; nil where it may.
    func reasonToStop(at now: ContinuousClock.Instant) -> StopReason? {
        if isTakenAway { return .lost }
        return now < stopAt && !isGivenUp ? nil : .fenced
    }

    /// Whether the identifier may still be used.
    func mayBeat(at now: ContinuousClock.Instant) -> Bool { !isGivenUp && now < leaseEnd }

    /// Notes a beat that the store has answered; without effect after the end of the lease.
    mutating func renew(sentAt: ContinuousClock.Instant, at now: ContinuousClock.Instant) {
        guard mayBeat(at: now), sentAt > lastBeat else { return }
        lastBeat = sentAt
        stopAt = sentAt + times.untilStop
        leaseEnd = sentAt + times.lease
        guard now < stopAt else { return }
        phase = .open
        hasAskedForExit = false
    }

    /// Notes that the store has taken the lease away.
    mutating func takeAway(at now: ContinuousClock.Instant) {
        stopAt = min(stopAt, now)
        leaseEnd = min(leaseEnd, now)
        isTakenAway = true
        isGivenUp = true
    }

    /// What is to be done now; to be asked again until there is nothing.
    ///
    /// - Parameter mustReturn: whether something runs that only the end of the process can end.
    mutating func tick(at now: ContinuousClock.Instant, mustReturn: Bool) -> Action {
        guard case .stopping(let since) = phase else {
            guard now >= stopAt else { return .wait }
            phase = .stopping(since: now)
            return .stopWork
        }
        if now >= leaseEnd, !isGivenUp {
            isGivenUp = true
            return .giveUp
        }
        // Counted from the request, which a worker that was stopped itself makes late.
        if mustReturn, !hasAskedForExit, now >= since + times.grace {
            hasAskedForExit = true
            return .exit
        }
        return .wait
    }
}
