public import SchedulerDomain
import SchedulerErrors
public import SchedulerFoundation

/// Hands outcomes over: to the broker, or to the store itself while the broker is away.
public struct ReportOutcomes: Sendable {
    /// What became of one outcome.
    public enum Report: Sendable, Hashable {
        /// The broker has it; whether the store has it is still to be seen.
        case published
        /// The store has it, or has no use for it.
        case settled
        /// Neither could be reached; to be repeated soon.
        case failed
        /// The store refuses what is in it.
        case refused
    }

    private static let rowsPerTransaction = 500

    private let queue: any MessageQueue
    private let runs: any TaskRunRepository
    private let clock: any SchedulerClock

    public init(queue: any MessageQueue, runs: any TaskRunRepository, clock: any SchedulerClock) {
        self.queue = queue
        self.runs = runs
        self.clock = clock
    }

    /// - Returns: one report per outcome, in order.
    public func report(_ outcomes: [RunOutcome]) async -> [Report] {
        var reports = await publish(outcomes)
        // A broker that answered but refused gets another chance; one that is gone does not hold outcomes up.
        guard !queue.isConnected else { return outcomes.map { reports[$0.attempt] ?? .failed } }
        let left = outcomes.filter { reports[$0.attempt] == nil }
        for start in stride(from: 0, to: left.count, by: ReportOutcomes.rowsPerTransaction) {
            let end = min(start + ReportOutcomes.rowsPerTransaction, left.count)
            reports.merge(await settle(left[start..<end])) { $1 }
        }
        return outcomes.map { reports[$0.attempt] ?? .failed }
    }

    private func publish(_ outcomes: [RunOutcome]) async -> [RunAttempt: Report] {
        guard queue.isConnected else { return [:] }
        let parcels = OutcomeParcel.pack(outcomes, at: clock.now)
        let answers: [PublishOutcome]
        do {
            try await FailPoint.hit(.reportBeforePublish)
            answers = await queue.publish(parcels.map(\.message))
            try await FailPoint.hit(.reportAfterConfirm)
        } catch {
            return [:]
        }
        var reports: [RunAttempt: Report] = [:]
        for (parcel, answer) in zip(parcels, answers) where answer == .confirmed {
            for outcome in parcel.outcomes { reports[outcome.attempt] = .published }
        }
        return reports
    }

    /// One outcome that the store refuses must not hold up the others, so a refused batch is halved; one that takes too
    /// long is given in in parts.
    private func settle(_ outcomes: ArraySlice<RunOutcome>) async -> [RunAttempt: Report] {
        do {
            _ = try await runs.settle(Array(outcomes))
            return ReportOutcomes.all(outcomes, .settled)
        } catch  where SettleRuns.isItemFault(error) {
            guard outcomes.count > 1 else { return ReportOutcomes.all(outcomes, .refused) }
            let middle = outcomes.startIndex + outcomes.count / 2
            let first = await settle(outcomes[..<middle])
            return await first.merging(settle(outcomes[middle...])) { $1 }
        } catch let error as SchedulerError where error.code == .timeout && outcomes.count > 1 {
            // The first half only: where the store is slow altogether, the rest is better repeated later.
            let middle = outcomes.startIndex + outcomes.count / 2
            let first = await settle(outcomes[..<middle])
            return first.merging(ReportOutcomes.all(outcomes[middle...], .failed)) { $1 }
        } catch {
            return ReportOutcomes.all(outcomes, .failed)
        }
    }

    private static func all(_ outcomes: ArraySlice<RunOutcome>, _ report: Report) -> [RunAttempt: Report] {
        Dictionary(outcomes.map { ($0.attempt, report) }) { $1 }
    }
}
