import Testing

@testable import SchedulerDispatcher

@Suite("Looking for runs that nobody will report")
struct ForgottenSweepTests {
    @Test("is done every ten seconds, and a new term counts anew")
    func rhythm() {
        var sweep: ForgottenSweep?
        let start = ContinuousClock.now
        func begin(_ term: Int64, after seconds: Int) -> Duration? {
            ForgottenSweep.begin(&sweep, term: term, at: start + .seconds(seconds))
        }
        #expect(begin(1, after: 0) == nil)
        #expect(begin(1, after: 9) == nil)
        #expect(begin(1, after: 10) == .seconds(10))
        #expect(begin(1, after: 19) == nil)
        #expect(begin(1, after: 21) == .seconds(21))
        #expect(begin(2, after: 40) == nil)
        #expect(begin(2, after: 51) == .seconds(11))
    }
}
