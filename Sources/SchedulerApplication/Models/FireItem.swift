public import SchedulerDomain

/// An expected fire time, or a series of them, and what became of it: what `GET /api/tasks/{id}/fires` lists.
public struct FireItem: Sendable, Hashable {
    public enum State: String, Sendable, CaseIterable {
        /// It got its run.
        case fired
        /// It got no run; the reason says why.
        case skipped
        /// The task is paused, and it gets no run unless the pause is backfilled.
        case paused
        /// It had no run and got one from a backfill.
        case backfilled
        /// It has come, and a dispatcher is about to decide it.
        case due
        /// It lies ahead.
        case expected
    }

    public var state: State
    public var scheduledAt: UTCInstant
    /// The last fire time of a series; nil for a single one.
    public var lastScheduledAt: UTCInstant?
    /// How many fire times it stands for; nil where a series has more than are counted.
    public var count: Int?
    /// Why there is no run, in words; nil where there is one, or may be.
    public var reason: String?
    public var run: RunID?
    /// What became of the run; nil where there is none, or its record is gone.
    public var runStatus: TaskRunStatus?
    public var backfill: RunID?
    /// The version of the task that fired; nil where it is not known or the present one will.
    public var version: Int?
    public var decidedAt: UTCInstant?

    public init(
        _ state: State,
        at scheduledAt: UTCInstant,
        through lastScheduledAt: UTCInstant? = nil,
        count: Int? = 1,
        reason: String? = nil,
        run: RunID? = nil,
        runStatus: TaskRunStatus? = nil,
        backfill: RunID? = nil,
        version: Int? = nil,
        decidedAt: UTCInstant? = nil
    ) {
        self.state = state
        self.scheduledAt = scheduledAt
        self.lastScheduledAt = lastScheduledAt
        self.count = count
        self.reason = reason
        self.run = run
        self.runStatus = runStatus
        self.backfill = backfill
        self.version = version
        self.decidedAt = decidedAt
    }
}

extension SkippedFires.Reason {
    /// The reason as a sentence for whoever asks why there was no run.
    var words: String {
        switch self {
        case .misfire: "misfire: no dispatcher decided it in time, and the misfire policy did not make up for it"
        case .overlap: "overlap: the task had as many live or waiting runs as its overlap policy allows"
        case .paused: "paused: the task was paused"
        }
    }
}

extension JSONWriter {
    package mutating func value(_ item: FireItem) {
        object { writer in
            writer.field("state", item.state.rawValue)
            writer.field("scheduled_at", item.scheduledAt)
            writer.field("last_scheduled_at", item.lastScheduledAt)
            writer.field("count", item.count)
            writer.field("reason", item.reason)
            writer.field("run_id", item.run?.description)
            writer.field("run_status", item.runStatus?.rawValue)
            writer.field("backfill_id", item.backfill?.description)
            writer.field("task_version", item.version)
            writer.field("decided_at", item.decidedAt)
        }
    }
}
