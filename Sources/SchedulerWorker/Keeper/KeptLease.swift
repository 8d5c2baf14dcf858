/// The end of the worker's lease as its keeper enforces it; nothing is enforced before the worker has said one.
struct KeptLease {
    /// A machine that slept wakes with timers that did not count its sleep, so that it looks at the clock this often.
    static let longestWait = Duration.seconds(1)

    private var deadline: LeaseDeadline?
    private var isEnforced = false

    mutating func renew(_ deadline: LeaseDeadline) {
        self.deadline = deadline
        isEnforced = false
    }

    /// Whether nothing may run.
    func isOver(at now: ContinuousClock.Instant) -> Bool { deadline.map { $0.stopAt <= now } ?? false }

    /// Whether what runs is to be told to stop.
    func isDue(at now: ContinuousClock.Instant) -> Bool { !isEnforced && isOver(at: now) }

    /// Notes that all that runs is being told.
    ///
    /// - Returns: when what is left is killed; the past, where the keeper itself is late.
    mutating func enforce() -> ContinuousClock.Instant? {
        isEnforced = true
        return deadline.map { $0.stopAt + $0.grace }
    }

    /// When to look again; nil where nothing is to be enforced.
    func nextLook(at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard let deadline, !isEnforced else { return nil }
        return min(deadline.stopAt, now + KeptLease.longestWait)
    }
}
