import SchedulerErrors
import Synchronization

/// Whether a worker can serve: the store knows it and has heard it within its lease, and it takes work.
final class WorkerStanding: Sendable {
    private struct State {
        var lastHeard: ContinuousClock.Instant?
        var isDraining = false
    }

    private let state = Mutex(State())

    /// The store has registered the worker, or heard its heartbeat, that was sent then.
    func heard(_ sentAt: ContinuousClock.Instant) { state.withLock { $0.lastHeard = sentAt } }

    /// Its time under its identifier is over.
    func left() { state.withLock { $0.lastHeard = nil } }

    /// It takes nothing more, for good.
    func drains() { state.withLock { $0.isDraining = true } }

    /// - Throws: `unavailable` where it cannot serve.
    func check(lease: Duration, at now: ContinuousClock.Instant) throws(SchedulerError) {
        let state = state.withLock { $0 }
        if state.isDraining { throw SchedulerError(.unavailable, "the worker drains") }
        guard let heard = state.lastHeard else { throw SchedulerError(.unavailable, "the worker is not registered") }
        guard heard.duration(to: now) < lease else {
            throw SchedulerError(.unavailable, "the store has not heard the worker for a lease")
        }
    }
}
