import Synchronization

/// When a worker's loop has last gone round.
///
/// The heartbeat has a thread of its own, so it alone says nothing about the worker: it beats only while the loop, which
/// runs where claims, executions and reports run, keeps going round as well.
final class LoopPulse: Sendable {
    private let last: Mutex<ContinuousClock.Instant>

    init(at now: ContinuousClock.Instant) { last = Mutex(now) }

    func touch(at now: ContinuousClock.Instant) { last.withLock { $0 = max($0, now) } }

    /// For how long it has stood still.
    func age(at now: ContinuousClock.Instant) -> Duration { last.withLock { $0 }.duration(to: now) }
}
