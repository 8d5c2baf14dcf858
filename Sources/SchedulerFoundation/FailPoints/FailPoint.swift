/// A step at which a test makes a process crash, hang or fail: `SCHEDULER_FAILPOINT=claim.after-commit:crash`.
///
/// The points lie where the world may end between two effects: before and after each commit, between a message and its
/// confirm, around the work itself. They are compiled into debug builds only, unless `SCHEDULER_FAILPOINTS` is defined.
/// `docs/fail-points.md` says what each of them leaves behind.
///
/// - SeeAlso: FreeBSD, fail(9); Gunawi and others, "FATE and DESTINI", NSDI 2011.
public enum FailPoint: String, Sendable, CaseIterable {
    /// The transaction that keeps triggered runs is about to commit.
    case enqueueBeforeCommit = "enqueue.before-commit"
    /// The triggered runs are kept, and nobody has been told.
    case enqueueAfterCommit = "enqueue.after-commit"
    /// The transaction that cancels is about to commit.
    case cancelBeforeCommit = "cancel.before-commit"
    /// Runs are cancelled or asked to end, and neither caller nor worker has been told.
    case cancelAfterCommit = "cancel.after-commit"

    /// A lease of the leader was granted, which does not know it yet.
    case electAfterCommit = "elect.after-commit"
    /// The transaction that turns fire times into runs is about to commit.
    case fireBeforeCommit = "fire.before-commit"
    /// Fire times have become runs, and nobody was woken.
    case fireAfterCommit = "fire.after-commit"
    /// Runs are chosen, and the transaction that dispatches them is about to commit.
    case pickBeforeCommit = "pick.before-commit"
    /// Runs are dispatched, and no message speaks of them.
    case pickAfterCommit = "pick.after-commit"
    /// A message is on its way, and the broker has not confirmed it; in dispatchers and workers.
    case publishBeforeConfirm = "publish.before-confirm"
    /// The broker has answered about the messages of picked runs.
    case pickAfterConfirm = "pick.after-confirm"

    /// A worker has registered, and does not know it yet.
    case registerAfterCommit = "register.after-commit"
    /// A heartbeat is about to be sent.
    case beatBeforeSend = "beat.before-send"
    /// The store has heard a heartbeat, and its answer has not been looked at.
    case beatAfterAnswer = "beat.after-answer"
    /// The transaction that starts attempts is about to commit.
    case claimBeforeCommit = "claim.before-commit"
    /// Attempts have started in the store, and their worker does not know it.
    case claimAfterCommit = "claim.after-commit"
    /// The message is acknowledged, and nothing of the work has begun.
    case claimAfterAcknowledge = "claim.after-acknowledge"
    /// While the broker is away: the transaction that picks and starts attempts is about to commit.
    case directPickBeforeCommit = "direct-pick.before-commit"
    /// While the broker is away: attempts have started in the store, and their worker does not know it.
    case directPickAfterCommit = "direct-pick.after-commit"

    /// The executor is about to be called.
    case executeBefore = "execute.before"
    /// The work is done, and nobody knows how it went.
    case executeAfter = "execute.after"
    /// An outcome is kept in memory and about to be published.
    case reportBeforePublish = "report.before-publish"
    /// The broker has answered about an outcome, and the worker does not know it.
    case reportAfterConfirm = "report.after-confirm"
    /// The store was seen to have an outcome, which the worker still holds.
    case reportBeforeRelease = "report.before-release"

    /// The transaction that settles outcomes is about to commit.
    case settleBeforeCommit = "settle.before-commit"
    /// Outcomes are settled, and their messages are not acknowledged.
    case settleAfterCommit = "settle.after-commit"
    /// Outcomes are settled and acknowledged.
    case settleAfterAcknowledge = "settle.after-acknowledge"
    /// The transaction that takes runs back from a lost worker is about to commit.
    case recoverBeforeCommit = "recover.before-commit"
    /// Runs are taken back, and no picker was woken.
    case recoverAfterCommit = "recover.after-commit"

    /// Whether an error can be told to anybody at this point.
    public var canFail: Bool { self != .claimAfterAcknowledge && self != .settleAfterAcknowledge }

    /// What an error at this point leaves open: behind a commit it hides that the change was made.
    var isOutcomeKnown: Bool {
        !rawValue.hasSuffix(".after-commit") && !rawValue.hasSuffix(".after-answer")
    }
}
