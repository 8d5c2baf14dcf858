private import SchedulerDomain

/// How a loop of a role waits: a poll with jitter covers for lost wake-ups, failures are backed off.
public struct LoopPace: Sendable {
    private let poll: Duration
    private var backoff: Backoff
    private var isFailing = false

    public init(poll: Duration = .seconds(1), backoff: Backoff = Backoff()) {
        self.poll = poll
        self.backoff = backoff
    }

    /// The wait after a success: until `due`, but at most the poll interval less up to a tenth of jitter.
    ///
    /// - Parameter due: how long until something is known to be due; nil: nothing is.
    public mutating func afterSuccess(due: Duration?) -> Duration {
        backoff.reset()
        isFailing = false
        var chance = Chance()
        let jittered = poll - poll * Double.random(in: 0...0.1, using: &chance)
        return min(due ?? jittered, jittered)
    }

    /// The wait after a failure, and whether it is the first of a series: the one to log.
    public mutating func afterFailure() -> (wait: Duration, isFirst: Bool) {
        defer { isFailing = true }
        return (backoff.next(), !isFailing)
    }
}
