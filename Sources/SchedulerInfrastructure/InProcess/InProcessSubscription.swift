import SchedulerDomain
import SchedulerFoundation

/// A consumer of an in-process queue.
///
/// What it delivers is in the stream; the queue keeps what it holds.
final class InProcessSubscription: QueueSubscription {
    let id: UInt64
    private let queue: QueueName
    /// Unbounded, because the prefetch bounds what can be in it.
    let deliveries: AsyncStream<[Delivery]>
    let continuation: AsyncStream<[Delivery]>.Continuation
    private let owner: InProcessMessageQueue

    init(id: UInt64, queue: QueueName, owner: InProcessMessageQueue) {
        self.id = id
        self.queue = queue
        self.owner = owner
        (deliveries, continuation) = AsyncStream.makeStream()
    }

    func acknowledge(_ deliveries: [Delivery]) async { settle(deliveries, returning: false) }

    func requeue(_ deliveries: [Delivery]) async { settle(deliveries, returning: true) }

    func park(_ delivery: Delivery, reason: String) async {
        guard delivery.generation == id, !owner.park(delivery, of: id, in: queue, reason: reason) else { return }
        // The dead queue is full. It comes back and is parked anew; not at once, so that this does not spin.
        try? await MonotonicClock.sleep(for: .seconds(1))
        await requeue([delivery])
    }

    func cancel() async {
        continuation.finish()
        owner.cancel(id, in: queue)
    }

    private func settle(_ deliveries: [Delivery], returning: Bool) {
        let tags = deliveries.filter { $0.generation == id }.map(\.tag)
        owner.settle(tags, of: id, in: queue, returning: returning)
    }
}
