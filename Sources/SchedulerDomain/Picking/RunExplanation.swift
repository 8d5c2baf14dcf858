/// Why a run is where it is, as the picker sees it.
public struct RunExplanation: Sendable, Hashable {
    /// One of the things that hold a run, or what became of it.
    public enum Reason: Sendable, Hashable {
        case notDue(until: UTCInstant)
        /// Its task spreads its runs over some seconds after the fire time.
        case jitter(until: UTCInstant)
        /// Its backfill starts its runs one after another.
        case throttled(until: UTCInstant)
        /// It failed, and its next attempt waits.
        case backoff(until: UTCInstant, failures: Int)
        case paused
        case taskLimit(used: Int, limit: Int, runs: [RunID])
        case keyLimit(key: String, used: Int, limit: Int, runs: [RunID])
        case tenantLimit(used: Int, limit: Int)
        /// `draining` counts the workers of its type that take nothing new.
        case noWorker(type: String, draining: Int)
        case noExecutor(String, type: String)
        /// `slots` are those of the workers of its type that have its executor, free or not.
        case noAbleSlot(executor: String, type: String, slots: Int)
        /// It was on two lost workers, and waits for one that has no other such run.
        case isolation(crashes: Int)
        case noSlot(type: String, slots: Int)
        /// Runs that start before it: earlier ones of its tenant, or of priorities whose turn comes first.
        case turn(runs: Int, isAtLeast: Bool)
        /// Runs of other tenants that start before it, since tenants take turns.
        case tenantShare(runs: Int, tenants: Int)
        /// It could start now, but earlier runs, the first of which are named, use up a limit before it is its turn.
        case limitAhead(LimitScope, limit: Int, runs: [RunID])
        /// Nothing holds it: the next pick takes it.
        case ready
        /// A message to the workers is on its way; unclaimed, it is taken back at the given time.
        case dispatched(since: UTCInstant, until: UTCInstant)
        case running(on: WorkerID?, since: UTCInstant?, attempt: Int, cancelRequestedAt: UTCInstant?)
        case ended(TaskRunStatus, at: UTCInstant?, message: String?)
    }

    /// What a limit counts the runs of.
    public enum LimitScope: String, Sendable, Hashable {
        case task, key, tenant
    }

    /// How long a dispatched run may stay unclaimed before it returns to `pending`.
    public static let claimPatience: Duration = .seconds(15)

    public var run: TaskRun
    /// The store's time.
    public var now: UTCInstant
    /// The priority that its age has given it; nil unless it is pending.
    public var effectivePriority: Priority?
    /// Never empty.
    public var reasons: [Reason]

    public init(_ outlook: RunOutlook) {
        run = outlook.run
        now = outlook.snapshot.now
        switch run.status {
        case .pending:
            effectivePriority = WaitingRun(run).effectivePriority(at: now)
            reasons = RunExplanation.reasons(of: outlook)
        case .dispatched:
            let since = run.dispatchedAt ?? run.updatedAt
            reasons = [.dispatched(since: since, until: since.advanced(by: RunExplanation.claimPatience))]
        case .running:
            reasons = [
                .running(
                    on: run.worker, since: run.startedAt, attempt: run.attempt,
                    cancelRequestedAt: run.cancelRequestedAt)
            ]
        case .completed, .failed, .timeout, .cancelled, .skipped:
            reasons = [.ended(run.status, at: run.completedAt, message: run.errorMessage)]
        }
    }

    private static func reasons(of outlook: RunOutlook) -> [Reason] {
        let snapshot = outlook.snapshot
        let run = WaitingRun(outlook.run)
        let refusals = PickAdmission(snapshot, slots: snapshot.freeSlots).refusals(of: run)
        var reasons = refusals.map { reason($0, outlook) }
        // Whose turn it is matters only to a run that its own limits would let start.
        if refusals.allSatisfy(\.isOfSlots) { reasons += turns(before: run, in: snapshot, hasSlot: refusals.isEmpty) }
        return reasons
    }

    private static func reason(_ refusal: PickRefusal, _ outlook: RunOutlook) -> Reason {
        switch refusal {
        case .notDue(let time): waiting(until: time, outlook.run)
        case .paused: .paused
        case .taskLimit(let used, let limit): .taskLimit(used: used, limit: limit, runs: outlook.holders.ofTask)
        case .keyLimit(let key, let used, let limit):
            .keyLimit(key: key, used: used, limit: limit, runs: outlook.holders.ofKey)
        case .tenantLimit(let used, let limit): .tenantLimit(used: used, limit: limit)
        case .noWorker(let type):
            .noWorker(
                type: type,
                draining: outlook.snapshot.workers.count { !$0.takesRuns && $0.taskTypes.contains(type) })
        case .noExecutor(let executor, let type): .noExecutor(executor, type: type)
        case .noAbleSlot(let executor, let type, let slots):
            .noAbleSlot(executor: executor, type: type, slots: slots)
        case .isolation: .isolation(crashes: outlook.run.crashes)
        case .noSlot(let type, let slots): .noSlot(type: type, slots: slots)
        }
    }

    private static func waiting(until time: UTCInstant, _ run: TaskRun) -> Reason {
        if run.failures > 0, run.attempt > 0 { return .backoff(until: time, failures: run.failures) }
        guard run.attempt == 0, run.dueAt > run.scheduledAt else { return .notDue(until: time) }
        return switch run.trigger {
        case .scheduled: .jitter(until: time)
        case .backfill: .throttled(until: time)
        case .manual, .retry, .dependency: .notDue(until: time)
        }
    }
}
