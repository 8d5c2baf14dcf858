private import SchedulerDomain

/// Waiting times between attempts to reach something that is away: doubling, capped, with full jitter, so that many
/// processes do not return together.
public struct Backoff: Sendable {
    private let base: Duration
    private let limit: Duration
    private var exponent = 0

    /// - Precondition: `base` and `limit` are above zero.
    public init(base: Duration = .milliseconds(100), limit: Duration = .seconds(5)) {
        precondition(base > .zero && limit > .zero, "a backoff needs positive durations")
        self.base = base
        self.limit = limit
    }

    /// Returns the next delay: at least half of the current step, so that a retry never spins, and at most `limit`.
    public mutating func next(random: inout some RandomNumberGenerator) -> Duration {
        let step = min(base * (1 << min(exponent, 30)), limit)
        exponent += 1
        let half = step / 2
        return half + .nanoseconds(Int64.random(in: 0...max(1, Int64((step - half) / .nanoseconds(1))), using: &random))
    }

    public mutating func next() -> Duration {
        var chance = Chance()
        return next(random: &chance)
    }

    /// Starts anew after a success.
    public mutating func reset() { exponent = 0 }
}
