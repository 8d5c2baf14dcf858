import SchedulerDomain
import SchedulerErrors

/// The part of a live run that judging and ending need.
struct SQLiteLiveRun {
    var id: RunID
    var tenant: TenantID
    var version: TaskVersionID
    var standing: RunJudge.Standing
    var dueAt: UTCInstant
    var startedAt: UTCInstant?
    var worker: WorkerID?
    var workflow: RunID?
    var trigger: TriggerType

    var attempt: RunAttempt { RunAttempt(run: id, attempt: standing.attempt) }

    var counters: RunJudge.Counters {
        RunJudge.Counters(
            failures: standing.failures, interruptions: standing.interruptions, crashes: standing.crashes)
    }
}

extension SQLiteRowReader {
    mutating func liveRun() throws -> SQLiteLiveRun {
        SQLiteLiveRun(
            id: try runID(), tenant: TenantID(try text()),
            version: TaskVersionID(task: TaskID(try integer()), version: try int()),
            standing: RunJudge.Standing(
                status: try word(), attempt: try int(), settledAttempt: try int(), failures: try int(),
                interruptions: try int(), crashes: try int(), cancelRequested: optionalInstant() != nil),
            dueAt: try instant(), startedAt: optionalInstant(), worker: try optionalWorkerID(),
            workflow: try optionalRunID(), trigger: try word())
    }
}

/// How a run ends.
///
/// What is nil stays as the live run has it.
struct SQLiteRunEnd {
    var status: TaskRunStatus
    var at: UTCInstant
    var counters: RunJudge.Counters?
    var settledAttempt: Int?
    var startedAt: UTCInstant?
    var worker: WorkerID?
    var result: JSONValue?
    var exitCode: Int?
    var errorType: ErrorType?
    var errorMessage: String?
    var errorStack: String?
    var usage: ResourceUsage?

    init(status: TaskRunStatus, at: UTCInstant) {
        self.status = status
        self.at = at
    }

    init(status: TaskRunStatus, of outcome: RunOutcome, _ counters: RunJudge.Counters) {
        self.init(status: status, at: outcome.endedAt)
        self.counters = counters
        settledAttempt = outcome.attempt.attempt
        startedAt = outcome.startedAt
        worker = outcome.worker
        result = outcome.result
        exitCode = outcome.exitCode
        errorType = outcome.errorType
        errorMessage = outcome.errorMessage
        errorStack = outcome.errorStack
        usage = outcome.usage
    }
}

/// What the ends of one transaction add up to: lines of `run_stats`, and arrivals at dependent tasks.
struct SQLiteRunStats {
    struct Key: Hashable, Comparable {
        var tenant: TenantID
        var task: TaskID
        var hour: UTCInstant
        var status: TaskRunStatus

        static func < (lhs: Key, rhs: Key) -> Bool {
            (lhs.tenant, lhs.task, lhs.hour, lhs.status.rawValue) < (
                rhs.tenant, rhs.task, rhs.hour, rhs.status.rawValue
            )
        }
    }

    private(set) var ends: [RunEnd] = []
    private(set) var rows: [Key: (count: Int, duration: Duration)] = [:]

    mutating func count(_ run: SQLiteLiveRun, as status: TaskRunStatus, at end: UTCInstant, duration: Duration) {
        ends.append(
            RunEnd(run: run.id, task: run.version.task, workflow: run.workflow, trigger: run.trigger, status: status))
        count(run.tenant, run.version.task, as: status, at: end, duration: duration)
    }

    /// Counts a run that ended without ever being made to run; its own arrivals are planned already.
    mutating func count(_ task: TaskDefinition, as status: TaskRunStatus, at end: UTCInstant) {
        count(task.tenant, task.id, as: status, at: end, duration: .zero)
    }

    private mutating func count(
        _ tenant: TenantID, _ task: TaskID, as status: TaskRunStatus, at end: UTCInstant, duration: Duration
    ) {
        let hour = UTCInstant(secondsSinceEpoch: end.secondsSinceEpoch / 3_600 * 3_600)
        let key = Key(tenant: tenant, task: task, hour: hour, status: status)
        let row = rows[key] ?? (0, .zero)
        // Two clocks are compared here: the worker's and, where it never reported, the store's.
        rows[key] = (row.count + 1, row.duration + max(.zero, duration))
    }
}
