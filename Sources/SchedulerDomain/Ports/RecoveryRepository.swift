/// The leader's duties in the store.
///
/// Each call begins by checking the leader's term, so a deposed leader writes nothing; each handles at most 500 rows,
/// so its locks are short.
///
/// - Throws: every method throws `lockLost` where the term is over.
public protocol RecoveryRepository: Sendable {
    /// Returns the heartbeat sequence of every worker that is not offline.
    func heartbeats() async throws -> [WorkerID: Int64]

    /// Takes silent workers offline, each only if its sequence is still the one that was seen, and takes back what
    /// any offline worker runs.
    func recover(silent: [WorkerID: Int64], term: LockLease) async throws -> Recovery

    /// Returns to pending what was dispatched longer than `age` ago and not claimed; the attempt stays the same.
    ///
    /// - Returns: how many.
    func returnUnclaimed(olderThan age: Duration, term: LockLease) async throws -> Int

    /// Settles as timed out what has been running for longer than its timeout and `grace`, although its worker lives:
    /// where the worker's last beat does not list the attempt, nobody will ever report it.
    ///
    /// - Parameters:
    ///   - grace: what an attempt may need beyond its timeout to be stopped and reported.
    ///   - time: how long the leader has been leading; a new one waits as long as if all runs had started with its term.
    func endForgotten(after grace: Duration, leadingFor time: Duration, term: LockLease) async throws -> Recovery
}

/// What one recovery pass did.
public struct Recovery: Sendable, Hashable {
    public var workersLost: [WorkerID]
    /// Attempts whose run returned to pending.
    public var returned: [RunAttempt]
    /// Attempts whose run ended.
    public var ended: [RunAttempt]
    /// Whether more rows wait than one pass takes.
    public var isPartial: Bool

    public init(
        workersLost: [WorkerID] = [], returned: [RunAttempt] = [], ended: [RunAttempt] = [], isPartial: Bool = false
    ) {
        self.workersLost = workersLost
        self.returned = returned
        self.ended = ended
        self.isPartial = isPartial
    }
}

extension Recovery {
    /// What settling these outcomes did.
    public init(_ outcomes: [RunOutcome], _ settlements: [Settlement], isPartial: Bool) {
        self.init(isPartial: isPartial)
        for (outcome, settlement) in zip(outcomes, settlements) {
            switch settlement {
            case .ended: ended.append(outcome.attempt)
            case .returned: returned.append(outcome.attempt)
            case .ignored, .late: break
            }
        }
    }
}

/// Keeps day partitions of the history ahead of time; a store without partitions has no such power.
public protocol HistoryPartitions: Sendable {
    /// Makes the partitions of today and of the given number of days ahead; those that exist stay.
    ///
    /// - Returns: the names of the partitions made.
    func prepare(daysAhead: Int, term: LockLease) async throws -> [String]
}

/// Brings back work that was under way when a single-process store's only process ended.
public protocol RestartRecovery: Sendable {
    /// Returns every dispatched run to pending, takes every running run back from its lost worker, and takes all
    /// workers offline.
    func recoverAfterRestart() async throws -> Recovery
}
