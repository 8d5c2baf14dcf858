import Logging
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import Synchronization

/// Keeps every outcome until the store is seen to have it.
///
/// Until then the outcome exists only here: a broker may lose a confirmed message, a dispatcher may die with it. So
/// each is reported at once, looked up in the store in batches, and reported again when the store still lacks it.
/// While the broker is away the store itself gets it. The amount is bounded: a worker whose keeper is full takes no
/// new work.
final class OutcomeKeeper: Sendable {
    /// About the most bytes that are held before the worker stops taking work; the most outcomes are configured.
    private static let byteLimit = 64 * 1_024 * 1_024
    private static let lookUpSize = 500
    /// So many outcomes that may be settled are looked up without waiting for the next check.
    private static let earlyCheck = 1_000
    private static let tick = Duration.milliseconds(100)
    private static let retryFailed = Duration.seconds(1)

    private let table: OutcomeTable
    private let reports: Batcher<RunOutcome, Void>
    private let runs: any TaskRunRepository
    private let queue: any MessageQueue
    private let configuration: WorkerConfiguration
    private let logger: Logger

    init(
        runs: any TaskRunRepository, queue: any MessageQueue, held: HeldAttempts, configuration: WorkerConfiguration,
        clock: any SchedulerClock, logger: Logger
    ) {
        let table = OutcomeTable(held: held, logger: logger)
        let report = ReportOutcomes(queue: queue, runs: runs, clock: clock)
        self.table = table
        self.runs = runs
        self.queue = queue
        self.configuration = configuration
        self.logger = logger
        reports = Batcher("reporting", capacity: 2 * configuration.maxKeptOutcomes) { outcomes in
            for (outcome, answer) in zip(outcomes, await report.report(outcomes)) { table.note(answer, outcome) }
            return outcomes.map { _ in }
        }
    }

    var isFull: Bool {
        table.read { $0.count >= configuration.maxKeptOutcomes || $0.bytes >= OutcomeKeeper.byteLimit }
    }

    /// Keeps an outcome and reports it; returns when the report was answered.
    func keep(_ outcome: RunOutcome) async {
        table.keep(outcome)
        await report(outcome)
    }

    /// Looks up and repeats until it is cancelled.
    func run() async {
        var nextCheck = MonotonicClock.now
        var isStoreAway = false
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                do { try await MonotonicClock.sleep(for: OutcomeKeeper.tick) } catch { break }
                let now = MonotonicClock.now
                let asked: [RunAttempt]
                if now >= nextCheck {
                    nextCheck = now + configuration.settlementCheck
                    for outcome in takeOverdue(at: now) { group.addTask { await self.report(outcome) } }
                    asked = table.change { $0.takePublished() }
                } else {
                    // A fast worker's outcomes are looked up in between, each once, so that they do not pile up.
                    asked = table.change { $0.unseenCount >= OutcomeKeeper.earlyCheck ? $0.takeUnseen() : [] }
                }
                do {
                    try await releaseSettled(asked)
                    isStoreAway = false
                } catch {
                    if !isStoreAway { logger.warning("Outcomes cannot be looked up: \(String(reflecting: error))") }
                    isStoreAway = true
                }
            }
        }
    }

    /// With the broker away its copy helps nobody: then the store gets an outcome early.
    private func takeOverdue(at now: ContinuousClock.Instant) -> [RunOutcome] {
        let resend = queue.isConnected ? configuration.resend : min(configuration.resend, configuration.brokerPatience)
        return table.change { $0.takeOverdue(at: now, resend: resend, retry: OutcomeKeeper.retryFailed) }
    }

    private func releaseSettled(_ attempts: [RunAttempt]) async throws {
        for start in stride(from: 0, to: attempts.count, by: OutcomeKeeper.lookUpSize) {
            let asked = attempts[start..<min(start + OutcomeKeeper.lookUpSize, attempts.count)]
            let unsettled = try await runs.unsettled(among: Array(asked))
            let settled = asked.filter { !unsettled.contains($0) }
            if !settled.isEmpty { try await FailPoint.hit(.reportBeforeRelease) }
            table.release(settled)
        }
    }

    private func report(_ outcome: RunOutcome) async {
        do {
            try await reports.submit(outcome)
        } catch {
            // Only a full batcher throws; the outcome is kept and reported again.
            table.note(.failed, outcome)
        }
    }
}

/// The outcomes of one worker behind a lock, and what follows from each report.
private final class OutcomeTable: Sendable {
    private let kept = Mutex(KeptOutcomes())
    private let held: HeldAttempts
    private let logger: Logger

    init(held: HeldAttempts, logger: Logger) {
        self.held = held
        self.logger = logger
    }

    func read<Result: Sendable>(_ body: (KeptOutcomes) -> Result) -> Result { kept.withLock { body($0) } }
    func change<Result: Sendable>(_ body: (inout KeptOutcomes) -> Result) -> Result { kept.withLock { body(&$0) } }

    func keep(_ outcome: RunOutcome) { change { $0.keep(outcome) } }

    func release(_ attempts: [RunAttempt]) {
        change { $0.remove(attempts) }
        held.release(attempts)
    }

    func note(_ report: ReportOutcomes.Report, _ outcome: RunOutcome) {
        switch report {
        case .published: change { $0.markPublished(outcome.attempt, at: MonotonicClock.now) }
        case .settled: release([outcome.attempt])
        case .failed: change { $0.markFailed(outcome.attempt, at: MonotonicClock.now) }
        case .refused: replace(outcome)
        }
    }

    /// The store cannot keep what the attempt left, and never will; the run must end all the same.
    private func replace(_ outcome: RunOutcome) {
        logger.error(
            "The store refuses the result of run \(outcome.attempt.run); the attempt counts as failed without it",
            metadata: [LogKey.runID: "\(outcome.attempt.run)", LogKey.attempt: "\(outcome.attempt.attempt)"])
        var bare = outcome
        bare.ending = .failure(.system)
        bare.result = nil
        bare.errorStack = nil
        bare.errorMessage = "the result could not be stored"
        change { kept in
            kept.keep(bare)
            kept.markFailed(bare.attempt, at: MonotonicClock.now)
        }
    }
}
