public import SchedulerErrors

/// Keeps runs: few live ones and an append-only history.
///
/// Every method is one transaction, takes and returns lists, and may be repeated after an unknown outcome.
public protocol TaskRunRepository: Sendable {
    /// Creates runs, each group all or none, and counts them in `execution_count`; one group's refusal leaves the
    /// others alone. A run whose id exists already is returned as it is.
    ///
    /// - Returns: one result per group, in order. Refusals: `notFound` (no such task in the tenant), `conflict` (a
    ///   draft or ended task, or `max_executions` reached), each naming the task.
    func enqueue(_ groups: [[NewRun]]) async throws -> [SchedulerResult<[TaskRun]>]

    /// Marks due runs as dispatched: those that `PickPlan` chooses for the slots of live workers.
    ///
    /// No run is picked twice and no limit is exceeded, however many dispatchers pick.
    func pick(limit: Int) async throws -> Pick

    /// Returns dispatched runs to pending whose message was not delivered; `attempt` is the one the message named.
    func returnUndelivered(_ attempts: [RunAttempt]) async throws

    /// Starts attempts: `dispatched → running` where the run's attempt is the one before.
    ///
    /// Idempotent: an attempt that this worker already holds is returned again.
    /// - Throws: `lockLost` where the worker is offline or unknown; it must register anew.
    func claim(_ claim: RunClaim) async throws -> [ClaimedRun]

    /// Picks and claims in one step, for workers that see no broker; the slots are those that the worker asks for.
    ///
    /// - Throws: as `claim`.
    func pickAndClaim(for worker: WorkerID, taskTypes: [String], limit: Int) async throws -> [ClaimedRun]

    /// Judges outcomes by `RunJudge`: ends runs or returns them to pending. An outcome that was settled before, or whose
    /// run is unknown, is `ignored`; any other of an ended or restarted run is `late`, and kept as a `LateReport`.
    /// Whenever a run ends, here or elsewhere, what follows for the tasks that depend on
    /// its task commits with it (`WavePlan`).
    ///
    /// - Returns: one settlement per outcome, in order.
    func settle(_ outcomes: [RunOutcome]) async throws -> [Settlement]

    /// Ends what has not started and asks what runs to end; repeating it changes nothing.
    ///
    /// - Parameters:
    ///   - reason: why, in words, for whoever looks at an ended run.
    /// - Returns: what it came to, by run; runs that the tenant does not have are absent, and of a workflow also those
    ///   that had ended.
    func cancel(_ selection: RunSelection, tenant: TenantID, reason: String) async throws -> [RunID: CancelResult]

    /// Returns those of the attempts whose outcome the store still waits for.
    func unsettled(among attempts: [RunAttempt]) async throws -> Set<RunAttempt>

    /// Returns the runs among `ids` that belong to the tenant, in no order.
    func find(_ ids: [RunID], tenant: TenantID) async throws -> [TaskRun]

    /// Returns one page, newest first.
    func list(_ query: TaskRunQuery) async throws -> Page<TaskRun>

    /// Returns what became of each attempt that did not complete, in the order of their numbers.
    func attempts(of run: RunID) async throws -> [AttemptRecord]

    /// Returns how the runs ended that a dependent run waited for, in the order of their tasks' ids.
    func upstreams(of run: RunID) async throws -> [UpstreamResult]

    /// Returns what is known of a wave or a backfill; without runs where the tenant has none of the name.
    ///
    /// - Parameter limit: the most runs that are read, and the most tasks without one.
    func wave(_ id: RunID, tenant: TenantID, limit: Int) async throws -> WaveRecord

    /// Returns a run and, unless it has ended, what decides when it starts; nil where the tenant has no such run.
    func outlook(of run: RunID, tenant: TenantID) async throws -> RunOutlook?
}

/// What one pass of the picker took.
public struct Pick: Sendable, Hashable {
    /// In the order in which they should start.
    public var runs: [PickedRun]
    /// Another picker was at work, and nothing was looked at.
    public var isContended: Bool
    /// More runs may start now: the pass ended at a bound of its own.
    public var isPartial: Bool
    /// How long until the next pending run becomes due; nil: none waits for a time, or nobody looked since the pass is
    /// partial.
    public var nextDueIn: Duration?

    public init(
        runs: [PickedRun], isContended: Bool = false, isPartial: Bool = false, nextDueIn: Duration? = nil
    ) {
        self.runs = runs
        self.isContended = isContended
        self.isPartial = isPartial
        self.nextDueIn = nextDueIn
    }
}

/// A dispatched run and the attempt that may be started.
public struct PickedRun: Sendable, Hashable {
    public var attempt: RunAttempt
    public var taskType: String
    public var priority: Priority
    /// The one worker that may have it; nil: any that takes its type.
    public var worker: WorkerID?

    public init(attempt: RunAttempt, taskType: String, priority: Priority, worker: WorkerID? = nil) {
        self.attempt = attempt
        self.taskType = taskType
        self.priority = priority
        self.worker = worker
    }

    /// The next attempt of a run that was chosen.
    public init(_ run: WaitingRun, for worker: WorkerID? = nil) {
        self.init(
            attempt: RunAttempt(run: run.id, attempt: run.attempt + 1), taskType: run.taskType, priority: run.priority,
            worker: worker)
    }
}

/// What a worker does with the attempts that a message offered, in one transaction.
public struct RunClaim: Sendable, Hashable {
    public var worker: WorkerID
    public var take: [RunAttempt]
    /// Runs it has no slot for; they return to pending.
    public var giveBack: [RunAttempt]

    public init(worker: WorkerID, take: [RunAttempt], giveBack: [RunAttempt] = []) {
        self.worker = worker
        self.take = take
        self.giveBack = giveBack
    }
}

/// An attempt that its worker may execute.
public struct ClaimedRun: Sendable, Hashable {
    public var attempt: RunAttempt
    public var tenant: TenantID
    public var version: TaskVersionID
    public var overrides: RunOverrides
    public var scheduledAt: UTCInstant
    /// Why it exists; a dependent gets the results of its upstream runs.
    public var trigger: TriggerType
    public var traceContext: String?

    public init(
        attempt: RunAttempt,
        tenant: TenantID,
        version: TaskVersionID,
        overrides: RunOverrides,
        scheduledAt: UTCInstant,
        trigger: TriggerType = .manual,
        traceContext: String? = nil
    ) {
        self.attempt = attempt
        self.tenant = tenant
        self.version = version
        self.overrides = overrides
        self.scheduledAt = scheduledAt
        self.trigger = trigger
        self.traceContext = traceContext
    }
}

/// What settling one outcome did.
public enum Settlement: Sendable, Hashable {
    case ended(TaskRunStatus)
    /// Back to pending.
    case returned(dueAt: UTCInstant)
    /// Repeated, or of no known run; nothing changed.
    case ignored
    /// The attempt was superseded: refused, and noted. The same report again is `ignored`.
    case late
}

/// Which runs to cancel.
public enum RunSelection: Sendable, Hashable {
    case runs([RunID])
    /// All unfinished runs of a wave or backfill.
    case workflow(RunID)
}

/// What cancelling one run came to.
public enum CancelResult: Sendable, Hashable {
    /// It had not started and is `cancelled` now.
    case ended
    /// It runs; its worker is told with its next heartbeat. A success that comes first wins.
    case requested(on: WorkerID?)
    case alreadyEnded
}
