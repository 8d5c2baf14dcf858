import SchedulerDomain

/// A consumer as its user holds it.
///
/// The consumer's thread does the work.
final class RabbitMQSubscription: QueueSubscription {
    typealias ID = UInt64

    let id: ID
    let queue: QueueName
    let prefetch: Int
    /// Unbounded, because the prefetch bounds what can be in it.
    let deliveries: AsyncStream<[Delivery]>
    private let continuation: AsyncStream<[Delivery]>.Continuation
    private let mailbox: ConsumerMailbox
    private let watchdog: Watchdog
    private let publishParked: @Sendable (Delivery, _ reason: String) async -> PublishOutcome

    /// - Parameter publishParked: puts a message on the dead ones.
    init(
        id: ID, queue: QueueName, prefetch: Int, mailbox: ConsumerMailbox, watchdog: Watchdog,
        publishParked: @escaping @Sendable (Delivery, _ reason: String) async -> PublishOutcome
    ) {
        self.id = id
        self.queue = queue
        self.prefetch = prefetch
        self.mailbox = mailbox
        self.watchdog = watchdog
        self.publishParked = publishParked
        (deliveries, continuation) = AsyncStream.makeStream()
        continuation.onTermination = { [mailbox] termination in
            // The reader was cancelled: nothing more is to be delivered to nobody. It is over without a thread, too.
            if case .cancelled = termination { _ = mailbox.post(.stopDelivering(id)) }
        }
    }

    func acknowledge(_ deliveries: [Delivery]) async { settle(deliveries, .acknowledge) }

    func requeue(_ deliveries: [Delivery]) async { settle(deliveries, .requeue) }

    func park(_ delivery: Delivery, reason: String) async {
        if await publishParked(delivery, reason) == .confirmed {
            await acknowledge([delivery])
        } else {
            // It comes back and is parked anew; not at once, so that a full dead queue does not make us spin.
            try? await Task.sleep(for: .seconds(1))
            await requeue([delivery])
        }
    }

    func cancel() async {
        continuation.finish()
        let reply = OneShot<Void>()
        guard mailbox.post(.cancel(id, reply)) else { return }
        watchdog.watch(ExpiringReply(reply, late: ()))
        await reply.value
    }

    /// Hands a batch to the reader.
    func yield(_ batch: [Delivery]) { continuation.yield(batch) }

    /// Ends the stream.
    func finish() { continuation.finish() }

    private func settle(_ deliveries: [Delivery], _ settlement: ConsumerMailbox.Settlement) {
        // Receipts of different connections may be mixed; those of an older one are dropped by the thread.
        for (generation, group) in Dictionary(grouping: deliveries, by: \.generation) {
            // After the end of the thread the broker has taken back what was unacknowledged.
            _ = mailbox.post(.settle(id, generation: generation, tags: group.map(\.tag), settlement))
        }
    }
}
