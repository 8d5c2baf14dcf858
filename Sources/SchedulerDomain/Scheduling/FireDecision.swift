/// What becomes of the fire times of one task that are due: runs, skips, and where the schedule goes on.
///
/// Applied by compare and set on the task's `next_run_at` and version, so any number of dispatchers may decide the
/// same fire times and only one decision counts.
public struct FireDecision: Sendable, Hashable {
    public var task: TaskID
    public var tenant: TenantID
    public var version: Int
    /// The first undecided fire time that this decision starts from.
    public var from: UTCInstant
    /// One run per fire time, in order.
    public var runs: [NewRun]
    public var skips: [SkippedFires]
    /// The first fire time that stays undecided; nil: never again.
    public var next: UTCInstant?
    /// Whether the task ends with this decision (`inactive`).
    public var endsTask: Bool

    public init(
        task: TaskID,
        tenant: TenantID,
        version: Int,
        from: UTCInstant,
        runs: [NewRun] = [],
        skips: [SkippedFires] = [],
        next: UTCInstant?,
        endsTask: Bool = false
    ) {
        self.task = task
        self.tenant = tenant
        self.version = version
        self.from = from
        self.runs = runs
        self.skips = skips
        self.next = next
        self.endsTask = endsTask
    }
}

/// Consecutive fire times that led to no run, for one reason: one row of the ledger.
public struct SkippedFires: Sendable, Hashable {
    public enum Reason: String, Sendable, Codable, CaseIterable {
        /// Later than the misfire policy allows.
        case misfire
        /// Too many scheduled runs of the task wait already.
        case overlap
    }

    public var first: UTCInstant
    public var last: UTCInstant
    public var reason: Reason

    public init(first: UTCInstant, last: UTCInstant, reason: Reason) {
        self.first = first
        self.last = last
        self.reason = reason
    }
}

/// A line of the ledger: a fire time, or a series of skipped ones, and what became of it.
public struct FireRecord: Sendable, Hashable {
    public var task: TaskID
    public var version: Int
    public var scheduledAt: UTCInstant
    /// The last fire time of a skipped series; nil for a single one.
    public var lastScheduledAt: UTCInstant?
    /// The run that it led to; nil where it was skipped.
    public var run: RunID?
    public var skipped: SkippedFires.Reason?
    public var decidedAt: UTCInstant

    public init(
        task: TaskID,
        version: Int,
        scheduledAt: UTCInstant,
        lastScheduledAt: UTCInstant? = nil,
        run: RunID? = nil,
        skipped: SkippedFires.Reason? = nil,
        decidedAt: UTCInstant
    ) {
        self.task = task
        self.version = version
        self.scheduledAt = scheduledAt
        self.lastScheduledAt = lastScheduledAt
        self.run = run
        self.skipped = skipped
        self.decidedAt = decidedAt
    }
}
