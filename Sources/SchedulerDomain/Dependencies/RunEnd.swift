/// The end of a run, as the tasks that depend on its task are told of it.
public struct RunEnd: Sendable, Hashable {
    public var run: RunID
    public var task: TaskID
    /// The wave that it belongs to, named by the run at its root.
    public var wave: RunID
    public var trigger: TriggerType
    public var status: TaskRunStatus
    /// Why a skipped run was skipped in the first place; nil for any other end.
    public var cause: String?

    /// - Parameter workflow: what the run belongs to.
    ///   A run without one is the root of its own wave; so is each run of a backfill, which only share their maker.
    public init(run: RunID, task: TaskID, workflow: RunID?, trigger: TriggerType, status: TaskRunStatus) {
        self.run = run
        self.task = task
        wave = trigger == .backfill ? run : workflow ?? run
        self.trigger = trigger
        self.status = status
    }

    /// What is said of runs that do not come about because the backfill whose run they would follow from was cancelled.
    static let withdrawal = "its backfill was cancelled"

    /// The end as dependents are told of it where the backfill is cancelled that the wave came of: however the run
    /// ended, nothing more shall follow.
    var withdrawn: RunEnd {
        guard status != .skipped else { return self }
        var end = self
        end.status = .skipped
        end.cause = RunEnd.withdrawal
        return end
    }

    /// The end of a run that was skipped.
    init(_ skipped: SkippedRun) {
        run = skipped.id
        task = skipped.task
        wave = skipped.wave
        trigger = .dependency
        status = .skipped
        cause = skipped.cause
    }
}

/// A run that is recorded without ever being made to run, because its conditions cannot hold any more.
public struct SkippedRun: Sendable, Hashable {
    public var id: RunID
    public var task: TaskID
    public var wave: RunID
    public var triggeredBy: String?
    /// What the run says of it.
    public var reason: String
    /// What the skip goes back to, in words that follow "was skipped: ".
    public var cause: String
}
