import SchedulerErrors
import Testing

@testable import SchedulerWorker

@Suite("Standing of a worker")
struct WorkerStandingTests {
    private let begin = ContinuousClock.now
    private let standing = WorkerStanding()

    private func canServe(after time: Duration) -> Bool {
        (try? standing.check(lease: .seconds(30), at: begin + time)) != nil
    }

    @Test("it stands from its registration until a lease after the last heartbeat that the store has heard")
    func lease() {
        #expect(!canServe(after: .zero))
        standing.heard(begin)
        #expect(canServe(after: .seconds(29)))
        #expect(!canServe(after: .seconds(30)))
        standing.heard(begin + .seconds(20))
        #expect(canServe(after: .seconds(49)))
    }

    @Test("given up it stands again once it has registered anew; a drain is for good")
    func leaving() {
        standing.heard(begin)
        standing.left()
        #expect(!canServe(after: .zero))
        standing.heard(begin)
        #expect(canServe(after: .zero))
        standing.drains()
        standing.heard(begin)
        #expect(!canServe(after: .zero))
    }
}
