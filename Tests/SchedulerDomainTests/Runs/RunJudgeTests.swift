import SchedulerDomain
import SchedulerErrors
import Testing

@Suite("The judge of runs")
struct RunJudgeTests {
    typealias Counters = RunJudge.Counters
    typealias Standing = RunJudge.Standing
    typealias Verdict = RunJudge.Verdict

    private static let live: [TaskRunStatus] = [.pending, .dispatched, .running]
    private static let endings: [RunOutcome.Ending] = [
        .success, .failure(.system), .failure(.user), .timeout, .interruption,
    ]

    private func judge(
        _ ending: RunOutcome.Ending, attempt: Int = 1, of run: Standing, policy: RetryPolicy = RetryPolicy()
    ) -> Verdict {
        let outcome = RunOutcome(
            attempt: RunAttempt(run: RunID(bits: 1), attempt: attempt), worker: WorkerID(bits: 2), ending: ending,
            startedAt: .epoch, endedAt: .epoch)
        // A random source of ones makes every delay the longest that is allowed.
        var random = FixedGenerator(value: .max)
        return RunJudge.judge(outcome, of: run, policy: policy, random: &random)
    }

    @Test("ends a success as completed, even if a cancel was asked for", arguments: [false, true])
    func success(cancelRequested: Bool) {
        let run = Standing(
            status: .running, attempt: 1, settledAttempt: 0, failures: 1, cancelRequested: cancelRequested)
        #expect(judge(.success, of: run) == .end(.completed, Counters(failures: 1, interruptions: 0, crashes: 0)))
    }

    @Test("returns an interruption at once, free of charge")
    func interruption() {
        let run = Standing(status: .running, attempt: 4, settledAttempt: 3, failures: 3, interruptions: 9)
        let verdict = judge(.interruption, attempt: 4, of: run, policy: RetryPolicy(maxRetries: 0))
        #expect(verdict == .retry(after: .zero, Counters(failures: 3, interruptions: 10, crashes: 0)))
    }

    @Test(
        "retries failures while the budget lasts",
        arguments: [(0, 0, false), (0, 1, true), (1, 1, false), (2, 3, true), (3, 3, false), (4, 3, false)])
    func budget(failures: Int, maxRetries: Int, retries: Bool) {
        let attempt = failures + 1
        let run = Standing(status: .running, attempt: attempt, settledAttempt: failures, failures: failures)
        let policy = RetryPolicy(maxRetries: maxRetries, delayMilliseconds: 100, exponentialBackoff: false)
        let counters = Counters(failures: failures + 1, interruptions: 0, crashes: 0)
        let failure = judge(.failure(.network), attempt: attempt, of: run, policy: policy)
        let timeout = judge(.timeout, attempt: attempt, of: run, policy: policy)
        #expect(failure == (retries ? .retry(after: .milliseconds(100), counters) : .end(.failed, counters)))
        #expect(timeout == (retries ? .retry(after: .milliseconds(100), counters) : .end(.timeout, counters)))
    }

    @Test("retries by the type of error", arguments: ErrorType.allCases)
    func errorType(type: ErrorType) {
        let run = Standing(status: .running, attempt: 1, settledAttempt: 0)
        let counters = Counters(failures: 1, interruptions: 0, crashes: 0)
        let end = Verdict.end(.failed, counters)
        let standard = judge(.failure(type), of: run, policy: RetryPolicy(delayMilliseconds: 0))
        #expect(standard == (type.isRetriedByDefault ? .retry(after: .zero, counters) : end))
        let only = judge(.failure(type), of: run, policy: RetryPolicy(delayMilliseconds: 0, retryOn: [type]))
        #expect(only == .retry(after: .zero, counters))
        #expect(judge(.failure(type), of: run, policy: RetryPolicy(retryOn: [])) == end)
    }

    @Test("ends what is not a success as cancelled once a cancel was asked for", arguments: endings.dropFirst())
    func cancelled(ending: RunOutcome.Ending) {
        let run = Standing(status: .running, attempt: 1, settledAttempt: 0, cancelRequested: true)
        guard case .end(.cancelled, _) = judge(ending, of: run) else {
            Issue.record("the run does not end as cancelled")
            return
        }
    }

    @Test("ignores what is settled, superseded, not started or ended", arguments: endings)
    func ignored(ending: RunOutcome.Ending) {
        #expect(judge(ending, of: Standing(status: .pending, attempt: 1, settledAttempt: 1)) == .ignore)
        #expect(judge(ending, of: Standing(status: .running, attempt: 2, settledAttempt: 0)) == .ignore)
        #expect(judge(ending, attempt: 2, of: Standing(status: .running, attempt: 1, settledAttempt: 0)) == .ignore)
        #expect(judge(ending, attempt: 0, of: Standing(status: .dispatched, attempt: 0, settledAttempt: 0)) == .ignore)
        for status in TaskRunStatus.allCases where status.isTerminal {
            #expect(judge(ending, of: Standing(status: status, attempt: 1, settledAttempt: 0)) == .ignore)
        }
    }

    @Test(
        "takes back the crash of an attempt whose outcome comes late", arguments: [TaskRunStatus.pending, .dispatched])
    func late(status: TaskRunStatus) {
        let run = Standing(status: status, attempt: 1, settledAttempt: 0, crashes: 2)
        #expect(judge(.success, of: run) == .end(.completed, Counters(failures: 0, interruptions: 0, crashes: 1)))
        let failed = judge(.failure(.system), of: run, policy: RetryPolicy(delayMilliseconds: 0))
        #expect(failed == .retry(after: .zero, Counters(failures: 1, interruptions: 0, crashes: 1)))
    }

    @Test("keeps the crashes of earlier attempts while the run runs")
    func crashesStay() {
        let run = Standing(status: .running, attempt: 3, settledAttempt: 0, crashes: 2)
        let verdict = judge(.success, attempt: 3, of: run)
        #expect(verdict == .end(.completed, Counters(failures: 0, interruptions: 0, crashes: 2)))
    }

    @Test("returns the run of a lost worker until the third crash", arguments: [(0, true), (1, true), (2, false)])
    func lostWorker(crashes: Int, returns: Bool) {
        let run = Standing(status: .running, attempt: 5, settledAttempt: 4, failures: 1, crashes: crashes)
        let counters = Counters(failures: 1, interruptions: 0, crashes: crashes + 1)
        let verdict = RunJudge.judgeLostWorker(of: run)
        #expect(verdict == (returns ? .retry(after: .zero, counters) : .end(.failed, counters)))
    }

    @Test("ends the run of a lost worker as cancelled once a cancel was asked for")
    func lostWorkerCancelled() {
        let run = Standing(status: .running, attempt: 1, settledAttempt: 0, crashes: 2, cancelRequested: true)
        let counters = Counters(failures: 0, interruptions: 0, crashes: 3)
        #expect(RunJudge.judgeLostWorker(of: run) == .end(.cancelled, counters))
    }

    @Test("takes nothing from a lost worker that it does not run", arguments: TaskRunStatus.allCases)
    func notRunning(status: TaskRunStatus) {
        let run = Standing(status: status, attempt: 1, settledAttempt: 0)
        #expect((RunJudge.judgeLostWorker(of: run) == .ignore) == (status != .running))
    }

    @Test("asks only for steps that the table of states allows", arguments: live, endings)
    func legal(status: TaskRunStatus, ending: RunOutcome.Ending) {
        let run = Standing(status: status, attempt: 1, settledAttempt: 0)
        switch judge(ending, of: run) {
        case .ignore: Issue.record("a live run's latest attempt is not judged")
        case .end(let next, _): #expect(status.canBecome(next))
        case .retry: #expect(status == .pending || status.canBecome(.pending))
        }
    }
}
