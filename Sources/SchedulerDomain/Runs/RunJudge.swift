import SchedulerErrors

/// The rules by which a live run ends or goes back to `pending`.
///
/// Every store asks it while it holds the run's row, so the three of them cannot differ.
public enum RunJudge {
    /// The part of a live run that judging needs.
    public struct Standing: Sendable, Hashable {
        public var status: TaskRunStatus
        public var attempt: Int
        public var settledAttempt: Int
        public var failures: Int
        public var interruptions: Int
        public var crashes: Int
        public var cancelRequested: Bool

        public init(
            status: TaskRunStatus,
            attempt: Int,
            settledAttempt: Int,
            failures: Int = 0,
            interruptions: Int = 0,
            crashes: Int = 0,
            cancelRequested: Bool = false
        ) {
            self.status = status
            self.attempt = attempt
            self.settledAttempt = settledAttempt
            self.failures = failures
            self.interruptions = interruptions
            self.crashes = crashes
            self.cancelRequested = cancelRequested
        }

        public init(_ run: TaskRun) {
            self.init(
                status: run.status, attempt: run.attempt, settledAttempt: run.settledAttempt, failures: run.failures,
                interruptions: run.interruptions, crashes: run.crashes, cancelRequested: run.cancelRequestedAt != nil)
        }
    }

    /// How many crashes make a run a suspect, which is run apart from other suspects.
    public static let suspectLimit = 2
    /// How many crashes end a run.
    public static let crashLimit = 3

    public struct Counters: Sendable, Hashable {
        public var failures: Int
        public var interruptions: Int
        public var crashes: Int

        public init(failures: Int, interruptions: Int, crashes: Int) {
            self.failures = failures
            self.interruptions = interruptions
            self.crashes = crashes
        }
    }

    public enum Verdict: Sendable, Hashable {
        /// The report is late or a repetition: nothing changes.
        case ignore
        /// The run moves to the history.
        case end(TaskRunStatus, Counters)
        /// The run goes back to `pending` and is due after the delay.
        case retry(after: Duration, Counters)
    }

    /// Judges an outcome.
    ///
    /// It applies only if it is of the latest attempt and that attempt was not judged yet, in any live state; so a
    /// redelivered outcome changes nothing, an outcome that waited in the queue still counts when recovery took the
    /// run back, and only the next claim supersedes an attempt. A report that applies to an attempt which recovery
    /// took back also takes back that crash.
    ///
    /// - Parameters:
    ///   - policy: the retry policy of the run's task version.
    ///   - random: the source of the retry's jitter.
    public static func judge(
        _ outcome: RunOutcome,
        of run: Standing,
        policy: RetryPolicy,
        random: inout some RandomNumberGenerator
    ) -> Verdict {
        guard !run.status.isTerminal, outcome.attempt.attempt == run.attempt, run.settledAttempt < run.attempt
        else { return .ignore }
        var counters = Counters(failures: run.failures, interruptions: run.interruptions, crashes: run.crashes)
        if run.status != .running, counters.crashes > 0 { counters.crashes -= 1 }
        switch outcome.ending {
        case .success:
            return .end(.completed, counters)
        case .interruption:
            if run.cancelRequested { return .end(.cancelled, counters) }
            counters.interruptions += 1
            return .retry(after: max(.zero, outcome.returnDelay), counters)
        case .failure(let type):
            return judgeFailure(type, final: .failed, of: run, policy: policy, counters: &counters, random: &random)
        case .timeout:
            return judgeFailure(
                .timeout, final: .timeout, of: run, policy: policy, counters: &counters, random: &random)
        }
    }

    /// Judges the loss of the worker that held the run: another attempt, unless somebody wants it cancelled or it has
    /// taken too many workers down.
    public static func judgeLostWorker(of run: Standing) -> Verdict {
        guard run.status == .running else { return .ignore }
        let counters = Counters(
            failures: run.failures, interruptions: run.interruptions, crashes: run.crashes + 1)
        if run.cancelRequested { return .end(.cancelled, counters) }
        if counters.crashes >= crashLimit { return .end(.failed, counters) }
        return .retry(after: .zero, counters)
    }

    private static func judgeFailure(
        _ type: ErrorType,
        final: TaskRunStatus,
        of run: Standing,
        policy: RetryPolicy,
        counters: inout Counters,
        random: inout some RandomNumberGenerator
    ) -> Verdict {
        counters.failures += 1
        if run.cancelRequested { return .end(.cancelled, counters) }
        guard policy.allowsRetry(after: counters.failures, of: type) else { return .end(final, counters) }
        return .retry(after: policy.delay(afterFailures: counters.failures, random: &random), counters)
    }
}
