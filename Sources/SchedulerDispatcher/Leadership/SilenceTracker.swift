import SchedulerDomain

/// Finds the workers whose heartbeat stands still, on the leader's own monotonic clock.
///
/// Only time between successful reads counts: while the store is away nobody can beat, so nobody is called silent for
/// it. A new leader starts its count anew.
struct SilenceTracker {
    private struct Watch {
        var sequence: Int64
        var silentFor: Duration
    }

    private let lease: Duration
    private let longestStep: Duration
    private var watched: [WorkerID: Watch] = [:]
    private var lastRead: ContinuousClock.Instant?

    /// - Parameters:
    ///   - lease: the silence after which a worker is lost.
    ///   - longestStep: the most time that counts between two reads; a leader that was paused saw nothing meanwhile.
    init(lease: Duration, longestStep: Duration) {
        self.lease = lease
        self.longestStep = longestStep
    }

    /// Takes a successful read and returns the workers that were silent for a lease, with the sequence that was seen.
    mutating func observe(_ heartbeats: [WorkerID: Int64], at now: ContinuousClock.Instant) -> [WorkerID: Int64] {
        let step = lastRead.map { min($0.duration(to: now), longestStep) } ?? .zero
        lastRead = now
        watched = heartbeats.reduce(into: [:]) { next, heartbeat in
            let (worker, sequence) = heartbeat
            if let watch = watched[worker], watch.sequence == sequence {
                next[worker] = Watch(sequence: sequence, silentFor: watch.silentFor + step)
            } else {
                next[worker] = Watch(sequence: sequence, silentFor: .zero)
            }
        }
        return watched.filter { $0.value.silentFor >= lease }.mapValues(\.sequence)
    }

    /// A read failed: the time until the next successful one does not count.
    mutating func readFailed() { lastRead = nil }

    /// The leadership ended; the next term starts from nothing.
    mutating func reset() {
        watched = [:]
        lastRead = nil
    }
}
