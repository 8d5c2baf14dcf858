public import Logging
public import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

/// Judges outcomes in batches: each run ends, or returns to pending for another attempt.
///
/// The groups of many callers commit together. If the store refuses a value of one outcome, the batch is halved until
/// that outcome alone is left; its run then fails with `SYSTEM_ERROR`, so it does not come back for ever.
public final class SettleRuns: Sendable {
    private let batcher: Batcher<[RunOutcome], [Settlement]>

    /// - Parameters:
    ///   - maxGroups: the most groups in one transaction; a group has at most a message's outcomes.
    ///   - isItemFault: whether the store's error is the fault of one value.
    public init(
        runs: any TaskRunRepository,
        maxGroups: Int = 16,
        isItemFault: @escaping @Sendable (any Error) -> Bool = SettleRuns.isItemFault,
        logger: Logger
    ) {
        let settlement = GroupSettlement(runs: runs, isItemFault: isItemFault, logger: logger)
        batcher = Batcher("settling outcomes", maxBatch: maxGroups, isItemFault: isItemFault) { groups in
            try await settlement.settle(groups)
        }
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
    let logger: Logger

    func settle(_ groups: [[RunOutcome]]) async throws -> [[Settlement]] {
        do {
            var settlements = try await runs.settle(groups.flatMap { $0 })[...]
            return groups.map { group in
                defer { settlements = settlements.dropFirst(group.count) }
                return Array(settlements.prefix(group.count))
            }
        } catch  where groups.count == 1 && isItemFault(error) {
            return [try await settleOneByOne(groups[0])]
        }
    }

    private func settleOneByOne(_ outcomes: [RunOutcome]) async throws -> [Settlement] {
        var settlements: [Settlement] = []
        for outcome in outcomes {
            do {
                settlements += try await runs.settle([outcome])
            } catch  where isItemFault(error) {
                logger.error(
                    "The outcome of run \(outcome.attempt.run) cannot be stored: \(String(reflecting: error))",
                    metadata: [LogKey.runID: "\(outcome.attempt.run)", LogKey.attempt: "\(outcome.attempt.attempt)"])
                settlements += try await runs.settle([outcome.unstorable])
            }
        }
        return settlements
    }
}

extension RunOutcome {
    /// The same attempt without the values that the store refused.
    fileprivate var unstorable: RunOutcome {
        RunOutcome(
            attempt: attempt, worker: worker, ending: .failure(.system), startedAt: startedAt, endedAt: endedAt,
            errorMessage: "the outcome held a value that the store cannot keep")
    }
}
