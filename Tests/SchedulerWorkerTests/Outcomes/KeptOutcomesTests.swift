import SchedulerDomain
import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("Kept outcomes")
struct KeptOutcomesTests {
    private let start = ContinuousClock.now
    private let outcome = RunOutcome(
        attempt: RunAttempt(run: .next(at: VirtualClock.start), attempt: 1), worker: .fresh(at: VirtualClock.start),
        ending: .success, startedAt: VirtualClock.start, endedAt: VirtualClock.start,
        result: ["stdout": .string(String(repeating: "x", count: 5_000))])

    private func overdue(_ kept: inout KeptOutcomes, after seconds: Int64) -> Int {
        kept.takeOverdue(at: start + .seconds(seconds), resend: .seconds(15), retry: .seconds(1)).count
    }

    @Test("an outcome whose report is under way is left alone")
    func reporting() {
        var kept = KeptOutcomes()
        kept.keep(outcome)
        #expect(overdue(&kept, after: 1_000) == 0)
        #expect(kept.takePublished().isEmpty)
    }

    @Test("a published outcome is looked up, and published again after a while")
    func published() {
        var kept = KeptOutcomes()
        kept.keep(outcome)
        kept.markPublished(outcome.attempt, at: start)
        #expect(kept.takeUnseen() == [outcome.attempt])
        #expect(kept.takeUnseen().isEmpty, "looked up once")
        #expect(kept.takePublished() == [outcome.attempt], "and again with the next full check")
        #expect(overdue(&kept, after: 14) == 0)
        #expect(overdue(&kept, after: 15) == 1)
        #expect(overdue(&kept, after: 16) == 0, "its report is under way again")
    }

    @Test("a failed report is repeated soon")
    func failed() {
        var kept = KeptOutcomes()
        kept.keep(outcome)
        kept.markFailed(outcome.attempt, at: start)
        #expect(kept.takePublished().isEmpty)
        #expect(overdue(&kept, after: 1) == 1)
    }

    @Test("what is settled is forgotten, with its memory; a late report of it changes nothing")
    func settled() {
        var kept = KeptOutcomes()
        kept.keep(outcome)
        #expect(kept.bytes > 5_000)
        kept.remove([outcome.attempt])
        #expect(kept.isEmpty)
        #expect(kept.bytes == 0)
        kept.markPublished(outcome.attempt, at: start)
        #expect(kept.isEmpty)
    }
}
