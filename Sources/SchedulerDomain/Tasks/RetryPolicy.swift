public import SchedulerErrors

/// When a failed run is started again, and how often.
public struct RetryPolicy: Sendable, Hashable, Codable {
    /// How many failures are followed by another attempt; 0 means that the first failure is final.
    public var maxRetries: Int
    /// The delay before the first retry, in milliseconds; 0 retries at once.
    public var delayMilliseconds: Int64
    /// Whether the delay doubles with every failure.
    public var exponentialBackoff: Bool
    /// The longest delay, in milliseconds.
    public var maxDelayMilliseconds: Int64
    /// The kinds of failure that are retried; nil means `ErrorType.isRetriedByDefault`.
    public var retryOn: [ErrorType]?

    enum CodingKeys: String, CodingKey {
        case maxRetries = "max_retries"
        case delayMilliseconds = "delay_ms"
        case exponentialBackoff = "exponential_backoff"
        case maxDelayMilliseconds = "max_delay_ms"
        case retryOn = "retry_on"
    }

    public init(
        maxRetries: Int = 3,
        delayMilliseconds: Int64 = 5_000,
        exponentialBackoff: Bool = true,
        maxDelayMilliseconds: Int64 = 900_000,
        retryOn: [ErrorType]? = nil
    ) {
        self.maxRetries = maxRetries
        self.delayMilliseconds = delayMilliseconds
        self.exponentialBackoff = exponentialBackoff
        self.maxDelayMilliseconds = maxDelayMilliseconds
        self.retryOn = retryOn
    }

    /// Whether a run that has now failed `failures` times is started again.
    public func allowsRetry(after failures: Int, of type: ErrorType) -> Bool {
        guard failures <= maxRetries else { return false }
        return retryOn?.contains(type) ?? type.isRetriedByDefault
    }

    /// Returns the delay before the next attempt.
    ///
    /// Uniform between zero and `delay · 2^(failures − 1)`, capped at `max_delay_ms` ("full jitter"), so that runs
    /// which failed together do not return together.
    ///
    /// - Parameters:
    ///   - failures: how often the run has failed so far, from 1.
    ///   - random: the source of the jitter.
    /// - Returns: at least zero, at most `max_delay_ms`.
    /// - SeeAlso: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    public func delay(afterFailures failures: Int, random: inout some RandomNumberGenerator) -> Duration {
        let doublings = exponentialBackoff ? min(max(failures - 1, 0), 40) : 0
        let (scaled, overflow) = max(0, delayMilliseconds).multipliedReportingOverflow(by: 1 << Int64(doublings))
        let longest = min(overflow ? Int64.max : scaled, max(0, maxDelayMilliseconds))
        guard longest > 0 else { return .zero }
        return .microseconds(Int64.random(in: 0...(min(longest, Int64.max / 1_000) * 1_000), using: &random))
    }
}
