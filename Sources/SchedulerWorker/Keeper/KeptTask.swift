import CProcess
import Glibc

/// One task as its keeper sees it; belongs to the keeper's main thread.
final class KeptTask {
    enum Phase: Equatable {
        /// A thread is starting it, or will.
        case starting
        case running
        /// Its leader obeyed a request to stop; the rest of its group has what is left of the grace.
        case lingering
        /// Its leader has ended and cannot be reaped yet: somebody traces it.
        case traced
        /// Its group is gone; descendants that left the group are being looked for. The processes are those that the
        /// first look found; nil before it.
        case sweeping(waitingFor: Set<pid_t>?)
    }

    /// How long what cannot be killed, for it hangs in the kernel or belongs to somebody else, holds up the report of
    /// the end.
    static let patience = Duration.seconds(5)

    let id: UInt64
    private(set) var phase = Phase.starting
    /// The leader's number, which is also that of its session and group; 0 before the start.
    private(set) var pid: pid_t = 0
    private(set) var wasStopped = false
    /// Whether the end of the worker's lease was what stopped it.
    private(set) var wasFenced = false
    /// When the group gets SIGKILL; nil where nobody wants it to stop, or it got it.
    private(set) var killAt: ContinuousClock.Instant?
    /// When its end is reported though it may not be one; nil as long as nothing hinders it.
    private(set) var giveUpAt: ContinuousClock.Instant?
    private(set) var exit = scheduler_exit()
    var group: ControlGroup?

    init(id: UInt64) { self.id = id }

    /// Its leader is gone, and something else may not be.
    var isEnding: Bool {
        switch phase {
        case .starting, .running: false
        case .lingering, .traced, .sweeping: true
        }
    }

    /// Whether nothing of it is left.
    var isOver: Bool { phase == .sweeping(waitingFor: []) }

    func begin(pid: pid_t, at now: ContinuousClock.Instant) {
        self.pid = pid
        phase = .running
        if giveUpAt != nil { giveUpAt = now + KeptTask.patience }
        // A stop that came while it was being started reached nobody, and its grace may be over.
        if wasStopped { signalGroup(killAt == nil ? SIGKILL : SIGTERM) }
    }

    /// Asks it to stop; the first request counts, and none does after the end.
    func stop(grace: Duration, at now: ContinuousClock.Instant) {
        guard !wasStopped, !isEnding, pid == 0 || scheduler_has_ended(pid) == 0 else { return }
        wasStopped = true
        killAt = now + grace
        signalGroup(SIGTERM)
    }

    /// Stops it because the lease is over; what was told to stop before has no longer than that either.
    func fence(killAt limit: ContinuousClock.Instant) {
        if let killAt {
            self.killAt = min(killAt, limit)
        } else if !wasStopped, !isEnding, pid == 0 || scheduler_has_ended(pid) == 0 {
            wasStopped = true
            wasFenced = true
            killAt = limit
            signalGroup(SIGTERM)
        }
    }

    func kill(at now: ContinuousClock.Instant) {
        if !isEnding { wasStopped = true }
        killAt = nil
        if giveUpAt == nil { giveUpAt = now + KeptTask.patience }
        signalGroup(SIGKILL)
        group?.kill()
    }

    /// Only the number of a leader that was not reaped names the group with certainty.
    private func signalGroup(_ signal: CInt) {
        switch phase {
        case .running, .lingering, .traced: _ = Glibc.kill(-pid, signal)
        case .starting, .sweeping: break
        }
    }

    /// Notes the end of the leader: its group goes too, at once or when its grace is over.
    func leaderEnded(at now: ContinuousClock.Instant) {
        if let killAt, killAt > now { phase = .lingering } else { finishGroup(at: now) }
    }

    /// Kills what is left of the group and reaps the leader.
    func finishGroup(at now: ContinuousClock.Instant) {
        signalGroup(SIGKILL)
        group?.kill()
        killAt = nil
        if giveUpAt == nil { giveUpAt = now + KeptTask.patience }
        phase = .traced
        reap()
    }

    /// Takes the leader's remains, where nobody who traces it has them.
    func reap() {
        guard phase == .traced else { return }
        var result = scheduler_exit()
        guard scheduler_reap(pid, &result) != 0 else { return }
        exit = result
        phase = .sweeping(waitingFor: nil)
    }

    /// Notes what a look found that was made after the end: it is over when nothing of what the first one found is left.
    func note(found: Set<pid_t>) {
        guard case .sweeping(let waitingFor) = phase else { return }
        phase = .sweeping(waitingFor: waitingFor?.intersection(found) ?? found)
    }

    /// Counts as killed, whatever has become of it.
    func giveUp() {
        if exit.status == 0, exit.signal == 0, !wasReaped { exit.signal = SIGKILL }
    }

    var wasReaped: Bool { if case .sweeping = phase { true } else { false } }
}
