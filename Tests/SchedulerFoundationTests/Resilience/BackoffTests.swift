import SchedulerFoundation
import Testing

@Suite("The backoff")
struct BackoffTests {
    @Test("doubles up to its limit, never below half a step, and starts anew after a success")
    func steps() {
        var random = SystemRandomNumberGenerator()
        var backoff = Backoff(base: .milliseconds(100), limit: .seconds(1))
        for _ in 0..<2 {
            for step in [100, 200, 400, 800, 1_000, 1_000, 1_000] {
                let delay = backoff.next(random: &random)
                #expect(delay >= .milliseconds(step) / 2 && delay <= .milliseconds(step))
            }
            backoff.reset()
        }
    }

    @Test("stays at its limit for ever")
    func limit() {
        var backoff = Backoff(base: .seconds(1), limit: .seconds(30))
        for _ in 0..<1_000 { #expect(backoff.next() <= .seconds(30)) }
        #expect(backoff.next() >= .seconds(15))
    }

    @Test("keeps to a limit below its base")
    func lowLimit() {
        var backoff = Backoff(base: .seconds(10), limit: .milliseconds(1))
        #expect(backoff.next() <= .milliseconds(1))
    }
}
