import SchedulerDomain
import SchedulerErrors
import Testing

@Suite("The retry policy")
struct RetryPolicyTests {
    @Test(
        "delays at most the doubled delay, and never more than the cap",
        arguments: [(1, 5_000), (2, 10_000), (3, 20_000), (7, 320_000), (8, 640_000), (9, 900_000), (1_000, 900_000)])
    func bounds(failures: Int, longest: Int) {
        var random = SystemRandomNumberGenerator()
        var highest = FixedGenerator(value: .max)
        var lowest = FixedGenerator(value: 1)
        let policy = RetryPolicy()
        #expect(policy.delay(afterFailures: failures, random: &highest) == .milliseconds(longest))
        #expect(policy.delay(afterFailures: failures, random: &lowest) == .zero)
        for _ in 0..<200 {
            let delay = policy.delay(afterFailures: failures, random: &random)
            #expect(delay >= .zero && delay <= .milliseconds(longest))
        }
    }

    @Test("does not double without backoff")
    func fixed() {
        var highest = FixedGenerator(value: .max)
        let policy = RetryPolicy(delayMilliseconds: 70, exponentialBackoff: false)
        for failures in [0, 1, 5, 100] {
            #expect(policy.delay(afterFailures: failures, random: &highest) == .milliseconds(70))
        }
    }

    @Test("keeps within the numbers' range", arguments: [Int64.max, .max / 2, 1 << 40, 0, -1, .min])
    func extremes(delay: Int64) {
        var highest = FixedGenerator(value: .max)
        let policy = RetryPolicy(delayMilliseconds: delay, maxDelayMilliseconds: .max)
        for failures in [0, 1, 41, .max] {
            #expect(policy.delay(afterFailures: failures, random: &highest) >= .zero)
        }
        let capped = RetryPolicy(delayMilliseconds: delay, maxDelayMilliseconds: 0)
        #expect(capped.delay(afterFailures: 3, random: &highest) == .zero)
    }

    @Test("spreads the delays over the whole range")
    func jitter() {
        var random = SystemRandomNumberGenerator()
        let delays = (0..<400).map { _ in RetryPolicy().delay(afterFailures: 1, random: &random) }
        // That none of 400 falls into one half happens once in 2^400.
        #expect(delays.contains { $0 < .milliseconds(2_500) })
        #expect(delays.contains { $0 > .milliseconds(2_500) })
    }

    @Test("retries what it names, or else what is worth it", arguments: ErrorType.allCases)
    func types(type: ErrorType) {
        #expect(RetryPolicy().allowsRetry(after: 3, of: type) == type.isRetriedByDefault)
        #expect(!RetryPolicy().allowsRetry(after: 4, of: type))
        #expect(RetryPolicy(retryOn: [.user]).allowsRetry(after: 1, of: type) == (type == .user))
    }
}
