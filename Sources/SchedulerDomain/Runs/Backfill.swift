/// The making of runs for fire times that have passed, as somebody asked for it.
///
/// Its runs share its id as their workflow.
public struct Backfill: Sendable, Hashable, Identifiable {
    public var id: RunID
    public var tenant: TenantID
    public var task: TaskID
    /// Fire times from this one on.
    public var from: UTCInstant
    /// Fire times before this one.
    public var to: UTCInstant
    /// The most runs that it makes.
    public var limit: Int
    public var createdBy: String?
    public var createdAt: UTCInstant
    /// When it last came on with making runs.
    public var workedAt: UTCInstant
    /// How many fire times it left out, because they have a run or the schedule itself has yet to decide them.
    public var leftOut: Int
    /// The first fire time of the range that it did not come to; nil: it came to the end, or is still at work.
    public var remainingFrom: UTCInstant?
    /// When it had made its runs; nil while it is still at work.
    public var finishedAt: UTCInstant?
    public var cancelledAt: UTCInstant?

    public init(
        id: RunID,
        tenant: TenantID = .default,
        task: TaskID,
        from: UTCInstant,
        to: UTCInstant,
        limit: Int,
        createdBy: String? = nil,
        createdAt: UTCInstant,
        workedAt: UTCInstant? = nil,
        leftOut: Int = 0,
        remainingFrom: UTCInstant? = nil,
        finishedAt: UTCInstant? = nil,
        cancelledAt: UTCInstant? = nil
    ) {
        self.id = id
        self.tenant = tenant
        self.task = task
        self.from = from
        self.to = to
        self.limit = limit
        self.createdBy = createdBy
        self.createdAt = createdAt
        self.workedAt = workedAt ?? createdAt
        self.leftOut = leftOut
        self.remainingFrom = remainingFrom
        self.finishedAt = finishedAt
        self.cancelledAt = cancelledAt
    }
}

/// A backfill and how far its runs are.
public struct BackfillProgress: Sendable, Hashable {
    public var backfill: Backfill
    /// How many of its runs are in each status; a status without runs is absent.
    public var runs: [TaskRunStatus: Int]
    /// When the store looked.
    public var asOf: UTCInstant

    /// How long nothing may come on before a backfill that has not ended counts as interrupted.
    public static let patience: Duration = .seconds(60)

    public init(backfill: Backfill, runs: [TaskRunStatus: Int] = [:], asOf: UTCInstant) {
        self.backfill = backfill
        self.runs = runs
        self.asOf = asOf
    }

    /// What it is doing, in one word.
    public enum State: String, Sendable, CaseIterable {
        /// Still makes runs.
        case creating
        /// Has made no run for a minute and did not end: the process that made them is gone, or could not reach the
        /// store to say so.
        case interrupted
        /// Has made its runs, of which some have not ended.
        case running
        case completed
        case cancelled
    }

    public var state: State {
        if backfill.cancelledAt != nil { return .cancelled }
        if backfill.finishedAt == nil {
            return backfill.workedAt.duration(to: asOf) > BackfillProgress.patience ? .interrupted : .creating
        }
        return runs.contains { !$0.key.isTerminal && $0.value > 0 } ? .running : .completed
    }

    /// How many runs it has made.
    public var created: Int { runs.values.reduce(0, +) }
}

/// A fire time to which a backfill gave a run.
public struct BackfilledFire: Sendable, Hashable {
    public var scheduledAt: UTCInstant
    public var backfill: RunID
    public var run: RunID

    public init(scheduledAt: UTCInstant, backfill: RunID, run: RunID) {
        self.scheduledAt = scheduledAt
        self.backfill = backfill
        self.run = run
    }
}
