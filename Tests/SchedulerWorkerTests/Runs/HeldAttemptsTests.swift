import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Synchronization
import Testing

@testable import SchedulerWorker

@Suite("Held attempts")
struct HeldAttemptsTests {
    private let held = HeldAttempts()
    private let run = ClaimedRun(
        attempt: RunAttempt(run: .next(at: VirtualClock.start), attempt: 1), tenant: .default,
        version: TaskVersionID(task: TaskID(1), version: 1), overrides: .none, scheduledAt: VirtualClock.start)

    @Test("an attempt is admitted once, until it is settled")
    func admitsOnce() {
        #expect(held.admit([run, run]) == [run])
        #expect(held.admit([run]).isEmpty)
        #expect(held.end(run.attempt) == nil)
        #expect(held.executingCount == 0)
        #expect(held.admit([run]).isEmpty, "ended, but not settled")
        held.release([run.attempt])
        #expect(held.admit([run]) == [run])
    }

    @Test("the first reason to stop counts, and is acted on once")
    func stops() {
        let calls = Atomic(0)
        _ = held.admit([run])
        held.begin(run.attempt) { calls.add(1, ordering: .relaxed) }
        held.stop(run.attempt, .cancelRequested)
        held.stopAll(.drain)
        #expect(calls.load(ordering: .relaxed) == 1)
        #expect(held.end(run.attempt) == .cancelRequested)
    }

    @Test("an attempt that was stopped before it began is stopped as it begins")
    func stopsEarly() {
        let calls = Atomic(0)
        _ = held.admit([run])
        held.stopRuns([run.attempt.run], .drain)
        held.begin(run.attempt) { calls.add(1, ordering: .relaxed) }
        #expect(calls.load(ordering: .relaxed) == 1)
    }

    @Test("what runs past its deadline is stopped as timeout")
    func deadline() {
        _ = held.admit([run])
        held.begin(run.attempt) {}
        let now = ContinuousClock.now
        held.setDeadline(now + .seconds(10), of: run.attempt)
        held.stopOverdue(at: now + .seconds(9))
        held.stopOverdue(at: now + .seconds(10))
        #expect(held.end(run.attempt) == .timeout)
    }
}

@Suite("Judging an attempt")
struct AttemptJudgementTests {
    private func result(_ success: Bool, _ failure: TaskResult.Failure? = nil) -> TaskResult {
        TaskResult(
            success: success, result: "output", exitCode: 7, startedAt: VirtualClock.start,
            completedAt: VirtualClock.start, error: failure)
    }

    @Test(
        "a success that comes before the stop is a success",
        arguments: [nil, .timeout, .cancelRequested, .drain, .lost] as [StopReason?])
    func success(reason: StopReason?) {
        #expect(AttemptJudgement(.success(result(true)), stopped: reason).ending == .success)
    }

    @Test(
        "an attempt that was stopped ends by the reason, with what it left",
        arguments: [
            (.timeout, .timeout), (.cancelRequested, .interruption), (.drain, .interruption), (.lost, .interruption),
        ] as [(StopReason, RunOutcome.Ending)])
    func stopped(reason: StopReason, ending: RunOutcome.Ending) {
        let judgement = AttemptJudgement(.success(result(false, .init(.system, "killed"))), stopped: reason)
        #expect(judgement.ending == ending)
        #expect(judgement.result == "output")
        #expect(judgement.exitCode == 7)
        #expect(AttemptJudgement(.failure(CancellationError()), stopped: reason).ending == ending)
    }

    @Test("a failure keeps its class")
    func failure() {
        let judgement = AttemptJudgement(.success(result(false, .init(.user, "wrong\0input"))), stopped: nil)
        #expect(judgement.ending == .failure(.user))
        #expect(judgement.message == "wrong\u{FFFD}input")
    }
}
