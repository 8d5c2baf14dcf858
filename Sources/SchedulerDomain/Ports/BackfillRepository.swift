/// Keeps backfills and which fire times they gave a run to.
///
/// Every method is one transaction.
public protocol BackfillRepository: Sendable {
    /// Records a backfill that is about to make runs; the store stamps `createdAt`.
    func begin(_ backfill: Backfill) async throws -> Backfill

    /// Creates the runs of those fire times (`scheduledAt`) that have none, in order, as many as `max_executions` allows.
    ///
    /// A fire time has a run where the ledger or a backfill says so; one that the task's schedule has yet to decide is
    /// left to it. However many callers ask at once, no fire time gets two runs.
    ///
    /// - Parameters:
    ///   - backfill: what the runs belong to; once it is cancelled nothing is made.
    ///   - limit: the most runs that are made, so that fire times which have theirs cost no transaction each.
    /// - Throws: `notFound`; `conflict` where the task is a draft or has ended.
    func add(_ runs: [NewRun], to backfill: RunID, atMost limit: Int) async throws -> BackfillStep

    /// Records that a backfill makes no more runs.
    ///
    /// - Parameter remainingFrom: the first fire time that it did not come to; nil: there is none.
    func finish(_ backfill: RunID, remainingFrom: UTCInstant?) async throws

    /// Returns a backfill of a task with the counts of its runs; nil where there is none.
    func find(_ id: RunID, task: TaskID, tenant: TenantID) async throws -> BackfillProgress?

    /// Marks a backfill as cancelled: from then on it makes no more runs, and however its runs end, none follows from
    /// them at dependent tasks; a completed or cancelled one stays as it is.
    ///
    /// - Returns: nil where there is none.
    func cancel(_ id: RunID, task: TaskID, tenant: TenantID) async throws -> BackfillProgress?

    /// Cancels live runs of a backfill that is marked as cancelled, as by `TaskRunRepository.cancel`: its own, and those
    /// that followed from them.
    ///
    /// - Returns: how many, at most `limit`; 0: none is left that has not been asked to end.
    func cancelRuns(of backfill: RunID, limit: Int, reason: String) async throws -> Int

    /// Returns the backfilled fire times of a task in a range, earliest first, at most `limit`.
    func fires(of task: TaskID, in range: Range<UTCInstant>, limit: Int) async throws -> [BackfilledFire]
}

extension BackfillRepository {
    /// As many as there are.
    public func add(_ runs: [NewRun], to backfill: RunID) async throws -> BackfillStep {
        try await add(runs, to: backfill, atMost: runs.count)
    }
}

/// What one transaction of a backfill did.
public struct BackfillStep: Sendable, Hashable {
    public var created: [RunID]
    /// How many fire times have a run already, or are the schedule's own to decide.
    public var leftOut: Int
    /// The first fire time that the limit, `max_executions` or a cancellation left without a run; nil: all were dealt
    /// with.
    public var stoppedAt: UTCInstant?

    public init(created: [RunID] = [], leftOut: Int = 0, stoppedAt: UTCInstant? = nil) {
        self.created = created
        self.leftOut = leftOut
        self.stoppedAt = stoppedAt
    }
}
