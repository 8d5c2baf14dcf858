import CProcess
import Glibc

/// One task as its keeper sees it; belongs to the keeper's main thread.
final class KeptTask {
    enum Phase {
        /// A thread is starting it.
        case starting
        case running
        /// Its leader obeyed a request to stop; the rest of its group has what is left of the grace.
        case lingering
        /// Its group is gone; descendants that left the group are being looked for, in a sweep after this one.
        case sweeping(after: Int, patience: ContinuousClock.Instant)
    }

    /// How long a descendant that cannot be killed, for it hangs in the kernel, holds up the report of the end.
    static let sweepPatience = Duration.seconds(5)

    let id: UInt64
    var phase = Phase.starting
    /// The leader's number, which is also that of its session and group; 0 before the start.
    private(set) var pid: pid_t = 0
    private(set) var wasStopped = false
    /// When the group gets SIGKILL; nil where nobody wants it to stop, or it got it.
    private(set) var killAt: ContinuousClock.Instant?
    var exit = scheduler_exit()
    var group: ControlGroup?

    init(id: UInt64) { self.id = id }

    var isStarting: Bool { if case .starting = phase { true } else { false } }
    var isLingering: Bool { if case .lingering = phase { true } else { false } }
    /// Its leader is gone, and something else may not be.
    var isEnding: Bool {
        switch phase {
        case .starting, .running: false
        case .lingering, .sweeping: true
        }
    }

    func begin(pid: pid_t) {
        self.pid = pid
        phase = .running
        // A stop that came while it was being started reached nobody, and its grace may be over.
        if wasStopped { signalGroup(killAt == nil ? SIGKILL : SIGTERM) }
    }

    /// Asks it to stop; the first request counts.
    func stop(grace: Duration, at now: ContinuousClock.Instant) {
        guard !wasStopped else { return }
        wasStopped = true
        killAt = now + grace
        signalGroup(SIGTERM)
    }

    func kill() {
        killAt = nil
        wasStopped = true
        signalGroup(SIGKILL)
    }

    /// Only the number of a leader that was not reaped names the group with certainty.
    private func signalGroup(_ signal: CInt) {
        switch phase {
        case .running, .lingering: _ = Glibc.kill(-pid, signal)
        case .starting, .sweeping: break
        }
    }

    /// Kills what is left of the group and reaps the leader.
    func finishGroup(sweep: Int, at now: ContinuousClock.Instant) {
        signalGroup(SIGKILL)
        killAt = nil
        while scheduler_reap(pid, &exit) == -1, errno == EINTR {}
        phase = .sweeping(after: sweep, patience: now + KeptTask.sweepPatience)
    }

    func isDone(cleanSweep: Int?, at now: ContinuousClock.Instant) -> Bool {
        guard case .sweeping(let after, let patience) = phase else { return false }
        return cleanSweep.map { $0 > after } == true || now >= patience
    }
}
