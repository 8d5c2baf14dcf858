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
    /// How many of the live runs that were there before may stay, the latest fire times first; nil: all of them.
    ///
    /// The others make room for the new runs: what has not started ends as cancelled, what runs is asked to end.
    public var keepAtMost: Int?

    public init(
        task: TaskID,
        tenant: TenantID,
        version: Int,
        from: UTCInstant,
        runs: [NewRun] = [],
        skips: [SkippedFires] = [],
        next: UTCInstant?,
        endsTask: Bool = false,
        keepAtMost: Int? = nil
    ) {
        self.task = task
        self.tenant = tenant
        self.version = version
        self.from = from
        self.runs = runs
        self.skips = skips
        self.next = next
        self.endsTask = endsTask
        self.keepAtMost = keepAtMost
    }

    /// The series that the decision begins with; nil where it begins with a run.
    ///
    /// It may go on a series that stands in the ledger already.
    public var leadingSkip: SkippedFires? {
        guard let skip = skips.first, runs.first?.scheduledAt.map({ skip.first < $0 }) ?? true else { return nil }
        return skip
    }

    /// What a run is told that had to make room.
    public var displacement: String {
        let fire = runs.last?.scheduledAt ?? from
        return "its place was taken by the run of \(fire) (overlap_policy cancel_running)"
    }
}

/// Consecutive fire times that led to no run, for one reason: one row of the ledger.
public struct SkippedFires: Sendable, Hashable {
    public enum Reason: String, Sendable, Codable, CaseIterable {
        /// Later than the misfire policy allows.
        case misfire
        /// Too many runs of the task wait, or as many as `max_concurrent` allows are live.
        case overlap
        /// The task was paused.
        case paused
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

    /// Whether a series that follows may be written into this line: same reason and version, and later.
    public func isContinued(by skip: SkippedFires, version: Int) -> Bool {
        skipped == skip.reason && self.version == version && (lastScheduledAt ?? scheduledAt) < skip.first
    }
}
