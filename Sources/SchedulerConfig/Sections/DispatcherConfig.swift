/// The rhythm of the dispatcher.
public struct DispatcherConfig: Sendable {
    /// The most runs picked in one step.
    public var pickBatch = Defaults.pickBatch
    /// The fallback where a wake-up was lost.
    public var poll = Defaults.poll
    /// How long a run may stay dispatched without a claim.
    public var unclaimed = Defaults.unclaimed
    public var leaderTerm = Defaults.leaderTerm
    public var partitionsAheadDays = Defaults.partitionsAheadDays
    /// After how many days logs are deleted.
    public var logRetentionDays = Defaults.logRetentionDays
    /// A fire time later than this has been missed, and the task's misfire policy decides.
    public var misfireThreshold = Defaults.misfireThreshold

    public init() {}
}

enum DispatcherSettings {
    static let pickBatch = Setting(
        "dispatcher.pick_batch", default: Defaults.pickBatch, .integer(1...5_000), "The most runs picked in one step."
    )
    static let poll = Setting(
        "dispatcher.poll_seconds", default: Defaults.poll, .seconds(0.05...60),
        "How often it looks for due work where no wake-up came."
    )
    static let unclaimed = Setting(
        "dispatcher.unclaimed_seconds", default: Defaults.unclaimed, .seconds(0.5...3_600),
        "After this time a run that no worker has claimed is picked anew."
    )
    static let leaderTerm = Setting(
        "dispatcher.leader_term_seconds", default: Defaults.leaderTerm, .seconds(1...600),
        "How long a leader stays one without renewal."
    )
    static let partitionsAheadDays = Setting(
        "dispatcher.partitions_ahead_days", default: Defaults.partitionsAheadDays, .integer(1...366),
        "For how many days ahead the tables of finished runs are prepared."
    )
    static let logRetentionDays = Setting(
        "dispatcher.log_retention_days", default: Defaults.logRetentionDays, .integer(1...3_660),
        "For how many days the output of attempts is kept."
    )
    static let misfireThreshold = Setting(
        "dispatcher.misfire_threshold_seconds", default: Defaults.misfireThreshold, .seconds(0.5...86_400),
        "A fire time that is later than this was missed; the task's misfire policy decides about it."
    )

    static let all = [
        pickBatch.summary, poll.summary, unclaimed.summary, leaderTerm.summary, partitionsAheadDays.summary,
        logRetentionDays.summary, misfireThreshold.summary,
    ]
}

extension DispatcherConfig {
    init(from reader: inout SettingReader) {
        pickBatch = reader.read(DispatcherSettings.pickBatch)
        poll = reader.read(DispatcherSettings.poll)
        unclaimed = reader.read(DispatcherSettings.unclaimed)
        leaderTerm = reader.read(DispatcherSettings.leaderTerm)
        partitionsAheadDays = reader.read(DispatcherSettings.partitionsAheadDays)
        logRetentionDays = reader.read(DispatcherSettings.logRetentionDays)
        misfireThreshold = reader.read(DispatcherSettings.misfireThreshold)
    }
}
