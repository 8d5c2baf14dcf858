public import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

/// Puts groups of runs into the store, each all or none, through group commit: one round trip serves every caller
/// that asks at the same time.
///
/// Large groups go another way than single runs, so that a trigger by hand never waits in a transaction of ten
/// thousand rows, and no transaction grows beyond a few thousand.
public struct EnqueueRuns: Sendable {
    private typealias GroupBatcher = Batcher<[NewRun], SchedulerResult<[TaskRun]>>

    private let small: GroupBatcher
    private let large: GroupBatcher
    private let wakeUps: any WakeUps
    /// Groups of up to so many runs are small.
    private static let smallGroup = 4

    public init(runs: any TaskRunRepository, wakeUps: any WakeUps) {
        self.wakeUps = wakeUps
        let flush: GroupBatcher.Flush = { groups in try await EnqueueRuns.enqueue(groups, into: runs) }
        small = GroupBatcher("the trigger of runs", maxBatch: 500, isItemFault: EnqueueRuns.isItemFault, flush: flush)
        large = GroupBatcher(
            "the trigger of batches", maxBatch: 4, capacity: 100, isItemFault: EnqueueRuns.isItemFault, flush: flush)
    }

    /// - Returns: the runs in the order of the group.
    /// - Throws: `notFound`, `conflict` as the store refuses; `overloaded` where too many callers wait;
    ///   `outcomeUnknown` where the store did not answer although it was asked again.
    public func callAsFunction(_ group: [NewRun]) async throws -> [TaskRun] {
        let batcher = group.count <= EnqueueRuns.smallGroup ? small : large
        let runs = try await batcher.submit(group).get()
        await wakeUps.send(.runs)
        return runs
    }

    /// How long an unknown outcome is looked into before the caller is told that it is unknown.
    private static let patience: Duration = .seconds(10)

    /// A run whose id exists is returned as it is, so what was lost on the way is simply sent again.
    ///
    /// Once an outcome was unknown, a store that is away is no answer either: the runs may be there.
    private static func enqueue(
        _ groups: [[NewRun]], into runs: any TaskRunRepository
    ) async throws -> [SchedulerResult<[TaskRun]>] {
        let deadline = MonotonicClock.now.advanced(by: patience)
        var backoff = Backoff(base: .milliseconds(50), limit: .milliseconds(500))
        var unknown: SchedulerError?
        while true {
            do {
                let results = try await runs.enqueue(groups)
                try await FailPoint.hit(.enqueueAfterCommit)
                return results
            } catch let error as SchedulerError where error.isTransient {
                if error.code == .outcomeUnknown { unknown = error }
                guard unknown != nil || error.code == .transactionConflict, MonotonicClock.now < deadline else {
                    throw unknown ?? error
                }
                try await MonotonicClock.sleep(for: backoff.next())
            }
        }
    }

    private static func isItemFault(_ error: any Error) -> Bool {
        guard let error = error as? SchedulerError else { return false }
        return error.code == .database || error.code == .validation
    }
}
