public import Logging
public import SchedulerDomain
import SchedulerErrors
public import SchedulerFoundation

/// Picks due runs and offers them to the workers.
///
/// The row decides, not the message: what could not be published returns to pending, and what is lost on the way is
/// picked anew after a while.
public struct PickRuns: Sendable {
    /// What one pass did.
    public struct Pass: Sendable, Hashable {
        public var published: Int
        public var undelivered: Int
        /// Another dispatcher was picking.
        public var isContended: Bool
        /// How long until the next pending run becomes due; zero where more may be due now; nil: none is known.
        public var nextDueIn: Duration?
    }

    private let runs: any TaskRunRepository
    private let queue: any MessageQueue
    private let clock: any SchedulerClock
    private let batch: Int
    private let logger: Logger

    /// - Parameter batch: the most runs in one pass.
    public init(
        runs: any TaskRunRepository,
        queue: any MessageQueue,
        clock: any SchedulerClock = SystemClock(),
        batch: Int = 500,
        logger: Logger
    ) {
        self.runs = runs
        self.queue = queue
        self.clock = clock
        self.batch = batch
        self.logger = logger
    }

    public func callAsFunction() async throws -> Pass {
        let pick = try await runs.pick(limit: batch)
        guard !pick.runs.isEmpty else {
            return Pass(
                published: 0, undelivered: 0, isContended: pick.isContended,
                nextDueIn: pick.isPartial ? .zero : pick.nextDueIn)
        }
        // The picked rows are dispatched by now; stopping half way would leave them to the unclaimed sweep.
        let undelivered = try await withCancellationShield { try await publish(pick.runs) }
        let goesOn = pick.isPartial && undelivered == 0
        return Pass(
            published: pick.runs.count - undelivered, undelivered: undelivered, isContended: false,
            nextDueIn: goesOn ? .zero : pick.nextDueIn)
    }

    /// Publishes the runs and returns how many of them went back to pending.
    private func publish(_ picked: [PickedRun]) async throws -> Int {
        try await FailPoint.hit(.pickAfterCommit)
        let parcels = Parcel.pack(picked)
        let now = clock.now
        let outcomes = await queue.publish(
            parcels.map { parcel in
                OutgoingMessage(
                    route: parcel.route,
                    body: TaskExecutionMessage(attempts: parcel.attempts).encoded(at: now))
            })
        try await FailPoint.hit(.pickAfterConfirm)
        let undelivered = zip(parcels, outcomes).filter { $1 != .confirmed }.flatMap { $0.0.attempts }
        guard !undelivered.isEmpty else { return 0 }
        logger.warning(
            "\(undelivered.count) picked runs could not be published; they wait and are picked anew",
            metadata: [LogKey.count: "\(undelivered.count)"])
        try await runs.returnUndelivered(undelivered)
        return undelivered.count
    }
}

/// Runs that travel in one message.
private struct Parcel {
    let route: MessageRoute
    let attempts: [RunAttempt]

    /// Packs runs for the same receivers together, in order.
    ///
    /// Few runs go in small parcels, so that workers with few free slots share them instead of giving most of them
    /// back.
    static func pack(_ picked: [PickedRun]) -> [Parcel] {
        var routes: [MessageRoute] = []
        var attempts: [MessageRoute: [RunAttempt]] = [:]
        for run in picked {
            let route = run.worker.map(MessageRoute.worker) ?? .tasks(run.taskType)
            if attempts[route] == nil { routes.append(route) }
            attempts[route, default: []].append(run.attempt)
        }
        return routes.flatMap { route in
            let all = attempts[route] ?? []
            let size = min(TaskExecutionMessage.maxAttempts, max(1, all.count / 8))
            return stride(from: 0, to: all.count, by: size).map { start in
                Parcel(route: route, attempts: Array(all[start..<min(start + size, all.count)]))
            }
        }
    }
}
