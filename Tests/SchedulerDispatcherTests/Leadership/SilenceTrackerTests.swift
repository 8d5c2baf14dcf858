import SchedulerDomain
import Testing

@testable import SchedulerDispatcher

@Suite("Silence of workers")
struct SilenceTrackerTests {
    private let worker = WorkerID(bits: 1)
    private let start = ContinuousClock.now

    private func tracker() -> SilenceTracker { SilenceTracker(lease: .seconds(30), longestStep: .seconds(3)) }

    /// Observes once a second and returns the second at which the worker was first called silent.
    private func firstSilence(
        _ tracker: inout SilenceTracker, seconds: ClosedRange<Int>, sequence: (Int) -> Int64
    ) -> Int? {
        for second in seconds
        where !tracker.observe([worker: sequence(second)], at: start.advanced(by: .seconds(second))).isEmpty {
            return second
        }
        return nil
    }

    @Test("a worker whose sequence stands still for a lease is silent, with the sequence that was seen")
    func silent() {
        var tracker = tracker()
        #expect(firstSilence(&tracker, seconds: 0...29) { _ in 5 } == nil)
        #expect(tracker.observe([worker: 5], at: start.advanced(by: .seconds(30))) == [worker: 5])
    }

    @Test("a beating worker is never silent")
    func beating() {
        var tracker = tracker()
        #expect(firstSilence(&tracker, seconds: 0...300) { Int64($0 / 5) } == nil)
    }

    @Test("time in which the store could not be read does not count")
    func outage() {
        var tracker = tracker()
        #expect(firstSilence(&tracker, seconds: 0...20) { _ in 5 } == nil)
        tracker.readFailed()
        // The store was away from second 20 to 200.
        #expect(firstSilence(&tracker, seconds: 200...209) { _ in 5 } == nil)
        #expect(firstSilence(&tracker, seconds: 210...230) { _ in 5 } == 210)
    }

    @Test("a leader that was paused counts at most one step for it")
    func pausedLeader() {
        var tracker = tracker()
        #expect(firstSilence(&tracker, seconds: 0...10) { _ in 5 } == nil)
        #expect(tracker.observe([worker: 5], at: start.advanced(by: .seconds(100))).isEmpty)
    }

    @Test("a new term starts its count anew")
    func newTerm() {
        var tracker = tracker()
        #expect(firstSilence(&tracker, seconds: 0...29) { _ in 5 } == nil)
        tracker.reset()
        #expect(firstSilence(&tracker, seconds: 30...59) { _ in 5 } == nil)
        #expect(firstSilence(&tracker, seconds: 60...60) { _ in 5 } == 60)
    }
}
