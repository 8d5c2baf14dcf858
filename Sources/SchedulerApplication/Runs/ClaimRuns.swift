public import Logging
public import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

/// Starts the attempts that messages offer: the worker's half of the hand-over.
///
/// Many messages share a transaction.
///
/// A claim whose outcome is unknown is repeated, for as long as the caller wants it: it is idempotent, and giving up
/// would leave runs that the store believes to be executed by a worker that does not know of them.
public struct ClaimRuns: Sendable {
    private struct Offer: Sendable {
        var take: [RunAttempt]
        var giveBack: [RunAttempt]
    }

    private let batcher: Batcher<Offer, [ClaimedRun]>
    private let logger: Logger

    /// - Parameters:
    ///   - worker: who claims; a worker that registered anew needs another `ClaimRuns`.
    ///   - mayClaim: asked right before each claim is sent; a claim that may not be made waits as one does that failed.
    public init(
        worker: WorkerID, runs: any TaskRunRepository, mayClaim: @escaping @Sendable () -> Bool = { true },
        logger: Logger
    ) {
        self.logger = logger
        // A message offers at most 32 attempts, so a transaction stays near 500 rows.
        batcher = Batcher(
            "claiming", maxBatch: 16,
            isItemFault: { ($0 as? SchedulerError)?.code == .database },
            flush: { offers in
                guard mayClaim() else { throw SchedulerError(.unavailable, "the worker has to renew its lease first") }
                return try await ClaimRuns.claim(offers, worker: worker, runs: runs)
            })
    }

    /// Claims what there are slots for and returns the rest to pending, in one transaction.
    ///
    /// - Returns: the attempts to execute. One that this worker claimed before may be among them: the caller drops
    ///   what it already holds.
    /// - Throws: `lockLost` where the worker is offline in the store, `CancellationError`, and what no repetition
    ///   mends.
    public func claim(_ take: [RunAttempt], givingBack giveBack: [RunAttempt]) async throws -> [ClaimedRun] {
        var backoff = Backoff(base: .milliseconds(50), limit: .seconds(2))
        var isFirst = true
        while true {
            do {
                return try await batcher.submit(Offer(take: take, giveBack: giveBack))
            } catch let error as SchedulerError where error.isTransient {
                if isFirst { logger.warning("Claiming fails and is repeated: \(String(reflecting: error))") }
                isFirst = false
                try await MonotonicClock.sleep(for: backoff.next())
            }
        }
    }

    private static func claim(
        _ offers: [Offer], worker: WorkerID, runs: any TaskRunRepository
    ) async throws -> [[ClaimedRun]] {
        // The same attempt may come twice in one batch, since messages are duplicated; the first taker has it.
        var takers: [RunAttempt: Int] = [:]
        for (index, offer) in offers.enumerated() {
            for attempt in offer.take where takers[attempt] == nil { takers[attempt] = index }
        }
        let giveBack = Set(offers.flatMap(\.giveBack)).subtracting(takers.keys)
        let claimed = try await runs.claim(
            RunClaim(worker: worker, take: takers.keys.sorted(), giveBack: giveBack.sorted()))
        try await FailPoint.hit(.claimAfterCommit)
        var answers = [[ClaimedRun]](repeating: [], count: offers.count)
        for run in claimed {
            if let index = takers[run.attempt] { answers[index].append(run) }
        }
        return answers
    }
}
