public import Logging
public import SchedulerDomain
import SchedulerFoundation
public import ServiceLifecycle

/// Brings what was parked, by us or by the broker, from the dead queue into the store, where people find it.
///
/// A message is acknowledged after its row has committed, and a copy finds its row there: each stands there once.
public struct DeadLetterReceiver: Service {
    /// Few, since such messages may be large.
    private static let prefetch = 8

    private let queue: any MessageQueue
    private let deadLetters: any DeadLetterRepository
    private let logger: Logger

    public init(queue: any MessageQueue, deadLetters: any DeadLetterRepository, logger: Logger) {
        self.queue = queue
        self.deadLetters = deadLetters
        self.logger = logger
    }

    public func run() async throws {
        let subscribing = loop("subscribing to dead letters")
        let subscription = await subscribing.untilSuccess {
            try await queue.subscribe(to: .dead, prefetch: DeadLetterReceiver.prefetch)
        }
        guard let subscription else { return }
        await untilGracefulShutdown {
            for await deliveries in subscription.deliveries { await keep(deliveries, of: subscription) }
        }
        await subscription.cancel()
    }

    private func keep(_ deliveries: [Delivery], of subscription: any QueueSubscription) async {
        let letters = deliveries.map { ParkedLetter($0) }
        let added = await loop("keeping dead letters").untilSuccess { try await deadLetters.add(letters) }
        // Shut down while the store was away: the broker delivers them again.
        guard let added else { return }
        if added > 0 { logger.warning("\(added) messages that nobody could handle are kept in dead_letters") }
        await subscription.acknowledge(deliveries)
    }

    private func loop(_ name: String) -> RoleLoop {
        RoleLoop(name: name, signal: Signal(), poll: .seconds(1), logger: logger)
    }
}
