public import SchedulerDomain

/// What a function knows about the run that calls it, and how it is heard while it works.
public struct FunctionContext: Sendable {
    private let run: RunContext

    public init(_ run: RunContext) { self.run = run }

    /// The same for every attempt: the key by which work is recognised that was done before.
    public var runID: RunID { run.attempt.run }
    /// Counted from 1; the fencing token: a store that has seen a higher one refuses this one.
    public var attempt: Int { run.attempt.attempt }
    public var taskID: TaskID { run.task }
    public var taskName: String { run.spec.name }
    /// The instant that the run is for, which is not when it started.
    public var fireTime: UTCInstant { run.scheduledAt }
    /// How the runs ended that this one waited for.
    public var upstreams: [UpstreamResult] { run.upstreams }
    /// The longest time that the attempt has.
    public var timeout: Duration { run.timeout }

    /// Adds to the attempt's log; each line of the text is one there.
    public func log(_ text: String) {
        for line in text.withoutNUL.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            run.output.write(String(line), to: .stdout)
        }
    }

    /// Says how far the work is, from 0 to 100.
    public func progress(_ percent: Int) { run.output.progress(percent) }
}
