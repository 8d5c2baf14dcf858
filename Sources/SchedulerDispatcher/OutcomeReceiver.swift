public import Logging
public import SchedulerApplication
public import SchedulerDomain
public import SchedulerFoundation
public import ServiceLifecycle

/// Receives outcomes from the workers and settles them; a message is acknowledged after its outcomes have committed,
/// so an outcome that was received and not settled comes again.
public struct OutcomeReceiver: Service {
    private let queue: any MessageQueue
    private let settleRuns: SettleRuns
    private let freed: Signal
    private let prefetch: Int
    private let isAway = ChangingFlag()
    private let logger: Logger

    /// - Parameters:
    ///   - freed: set after each settled batch, since slots and limits became free.
    ///   - prefetch: how many messages are in work at once; bounds the memory.
    public init(
        queue: any MessageQueue, settleRuns: SettleRuns, freed: Signal, prefetch: Int = 100, logger: Logger
    ) {
        self.queue = queue
        self.settleRuns = settleRuns
        self.freed = freed
        self.prefetch = prefetch
        self.logger = logger
    }

    public func run() async throws {
        guard let subscription = await subscribe() else { return }
        // Bounded by the prefetch: no more is delivered than may be unacknowledged.
        let (accepted, input) = AsyncStream.makeStream(of: [Delivery].self)
        await withDiscardingTaskGroup { group in
            group.addTask {
                await untilGracefulShutdown {
                    for await deliveries in subscription.deliveries { input.yield(deliveries) }
                }
                input.finish()
            }
            for await deliveries in accepted { group.addTask { await receive(deliveries, from: subscription) } }
        }
        await subscription.cancel()
    }

    /// Subscribes as soon as the broker is there; nil when shut down before.
    private func subscribe() async -> (any QueueSubscription)? {
        let loop = RoleLoop(name: "subscribing to outcomes", signal: Signal(), poll: .seconds(1), logger: logger)
        return await loop.untilSuccess { try await queue.subscribe(to: .status, prefetch: prefetch) }
    }

    private func receive(_ deliveries: [Delivery], from subscription: any QueueSubscription) async {
        var accepted: [Delivery] = []
        var outcomes: [RunOutcome] = []
        for delivery in deliveries {
            do {
                outcomes += try MessageDecoder.outcomes(in: delivery.body)
                accepted.append(delivery)
            } catch {
                logger.error("A message on the status queue was parked: \(error)")
                await subscription.park(delivery, reason: "\(error)")
            }
        }
        guard !accepted.isEmpty else { return }
        do {
            try await settleUntilDone(outcomes)
            await subscription.acknowledge(accepted)
            try? await FailPoint.hit(.settleAfterAcknowledge)
        } catch {
            // Shut down while the store was away: the broker delivers them again.
            await subscription.requeue(accepted)
        }
    }

    /// Settles, and tries again while the store is away; settling twice changes nothing.
    ///
    /// - Throws: `CancellationError` at shutdown.
    private func settleUntilDone(_ outcomes: [RunOutcome]) async throws {
        var backoff = Backoff()
        while true {
            do {
                let settlements = try await settleRuns(outcomes)
                if isAway.set(false) { logger.notice("Outcomes are settled again") }
                if settlements.contains(where: { $0 != .ignored && $0 != .late }) { freed.set() }
                for (outcome, settlement) in zip(outcomes, settlements) where settlement == .late { logLate(outcome) }
                return
            } catch {
                // Once per outage, not once per message and attempt.
                if isAway.set(true) {
                    logger.warning(
                        "Outcomes could not be settled and are tried again: \(error)",
                        metadata: [LogKey.error: "\(String(reflecting: error))"])
                }
                try await MonotonicClock.sleep(for: backoff.next())
            }
        }
    }

    private func logLate(_ outcome: RunOutcome) {
        logger.warning(
            "A late report of attempt \(outcome.attempt.attempt) of run \(outcome.attempt.run) was refused",
            metadata: [
                LogKey.runID: "\(outcome.attempt.run)", LogKey.attempt: "\(outcome.attempt.attempt)",
                LogKey.workerID: "\(outcome.worker)",
            ])
    }
}
