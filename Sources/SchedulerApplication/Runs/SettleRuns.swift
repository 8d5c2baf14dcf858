public import Logging
public import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import Synchronization

/// Judges outcomes in batches: each run ends, or returns to pending for another attempt.
///
/// The groups of many callers commit together, in transactions of at most `partSize` outcomes. If the store refuses a
/// value of one outcome, its part is halved until that outcome alone is left; its run then fails with `SYSTEM_ERROR`, so
/// it does not come back for ever. Where a transaction takes the store too long, since what follows the ends may be a
/// thousand times as much, it is repeated with half of them.
public final class SettleRuns: Sendable {
    private let batcher: Batcher<[RunOutcome], [Settlement]>

    /// - Parameters:
    ///   - maxGroups: the most groups that are settled together; a group has at most a message's outcomes.
    ///   - partSize: the most outcomes in one transaction.
    ///   - isItemFault: whether the store's error is the fault of one value.
    public init(
        runs: any TaskRunRepository,
        maxGroups: Int = 16,
        partSize: Int = 500,
        isItemFault: @escaping @Sendable (any Error) -> Bool = SettleRuns.isItemFault,
        logger: Logger
    ) {
        let settlement = GroupSettlement(
            runs: runs, isItemFault: isItemFault, size: PartSize(partSize), logger: logger)
        batcher = Batcher("settling outcomes", maxBatch: maxGroups) { groups in try await settlement.settle(groups) }
    }

    /// Settles outcomes and returns one settlement each, in order.
    ///
    /// - Throws: `storeUnavailable` and the like; repeating is safe, since a settled outcome is ignored.
    public func callAsFunction(_ outcomes: [RunOutcome]) async throws -> [Settlement] {
        outcomes.isEmpty ? [] : try await batcher.submit(outcomes)
    }

    /// A store reports a value that it cannot keep as `database`.
    public static func isItemFault(_ error: any Error) -> Bool { (error as? SchedulerError)?.code == .database }
}

private struct GroupSettlement: Sendable {
    let runs: any TaskRunRepository
    let isItemFault: @Sendable (any Error) -> Bool
    let size: PartSize
    let logger: Logger

    func settle(_ groups: [[RunOutcome]]) async throws -> [[Settlement]] {
        let outcomes = groups.flatMap { $0 }
        var settlements: [Settlement] = []
        while settlements.count < outcomes.count {
            let part = outcomes[settlements.count...].prefix(size.current)
            do {
                settlements += try await settle(part)
                size.grow()
            } catch let error as SchedulerError where error.code == .timeout && part.count > 1 {
                // At once, since who comes again begins with the first of them.
                size.halve(part.count)
            }
        }
        var rest = settlements[...]
        return groups.map { group in
            defer { rest = rest.dropFirst(group.count) }
            return Array(rest.prefix(group.count))
        }
    }

    private func settle(_ outcomes: ArraySlice<RunOutcome>) async throws -> [Settlement] {
        do {
            let settlements = try await runs.settle(Array(outcomes))
            try await FailPoint.hit(.settleAfterCommit)
            return settlements
        } catch  where isItemFault(error) {
            guard outcomes.count > 1 else { return try await settleUnstorable(outcomes, error) }
            let middle = outcomes.startIndex + outcomes.count / 2
            let before = try await settle(outcomes[..<middle])
            return try await before + settle(outcomes[middle...])
        }
    }

    /// Lets the runs fail whose outcome the store refused.
    private func settleUnstorable(_ outcomes: ArraySlice<RunOutcome>, _ error: any Error) async throws -> [Settlement] {
        for outcome in outcomes {
            logger.error(
                "The outcome of run \(outcome.attempt.run) cannot be stored: \(String(reflecting: error))",
                metadata: [LogKey.runID: "\(outcome.attempt.run)", LogKey.attempt: "\(outcome.attempt.attempt)"])
        }
        return try await runs.settle(outcomes.map(\.unstorable))
    }
}

/// How many outcomes a transaction takes now: half as many after one that took too long, slowly more afterwards.
private final class PartSize: Sendable {
    private let size: Mutex<Int>
    private let limit: Int

    init(_ limit: Int) {
        precondition(limit > 0, "a transaction settles at least one outcome")
        self.limit = limit
        size = Mutex(limit)
    }

    var current: Int { size.withLock { $0 } }

    func halve(_ failed: Int) { size.withLock { $0 = max(1, min($0, failed / 2)) } }

    func grow() { size.withLock { $0 = min(limit, $0 + max(1, $0 / 8)) } }
}

extension RunOutcome {
    /// The same attempt without the values that the store refused.
    fileprivate var unstorable: RunOutcome {
        RunOutcome(
            attempt: attempt, worker: worker, ending: .failure(.system), startedAt: startedAt, endedAt: endedAt,
            errorMessage: "the outcome held a value that the store cannot keep")
    }
}
