import DequeModule
public import SchedulerDomain
import SchedulerErrors
private import Synchronization

/// The message queue of a process that holds all roles.
///
/// It keeps nothing beyond the process: task messages are hints, and an outcome is kept by its worker until the store
/// has it.
///
/// As with a broker: deliveries are unacknowledged until settled, the prefetch bounds them, what a cancelled
/// subscription held returns to its queue in its old place, a full queue refuses, and consumers of one queue share it.
public final class InProcessMessageQueue: MessageQueue {
    /// A message that nobody could handle.
    public struct DeadMessage: Sendable, Hashable {
        public var body: [UInt8]
        public var headers: [String: String]
    }

    private struct State {
        var queues: [QueueName: InProcessQueue] = [:]
        var lastSubscription: UInt64 = 0
        var isClosed = false
    }

    private let maxQueueLength: Int
    private let state = Mutex(State())

    /// - Parameter maxQueueLength: how many messages a queue holds, delivered ones included; beyond it publishing is
    ///   refused.
    public init(maxQueueLength: Int = 100_000) {
        precondition(maxQueueLength > 0, "a queue holds at least one message")
        self.maxQueueLength = maxQueueLength
    }

    public var isConnected: Bool { state.withLock { !$0.isClosed } }

    /// The messages on the dead queue that nobody has taken yet.
    public var deadMessages: [DeadMessage] {
        state.withLock { state in
            (state.queues[.dead]?.waiting ?? []).map { DeadMessage(body: $0.body, headers: $0.headers) }
        }
    }

    /// How many messages wait in a queue, those under way to a consumer not counted.
    public func depth(of queue: QueueName) -> Int { state.withLock { $0.queues[queue]?.waiting.count ?? 0 } }

    public func publish(_ messages: [OutgoingMessage]) async -> [PublishOutcome] {
        state.withLock { state in messages.map { publish($0, &state) } }
    }

    public func subscribe(to queue: QueueName, prefetch: Int) async throws -> any QueueSubscription {
        precondition(prefetch > 0, "a consumer holds at least one delivery")
        return try state.withLock { state in
            guard !state.isClosed else { throw SchedulerError(.messageQueue, "the message queue is closed") }
            state.lastSubscription += 1
            let subscription = InProcessSubscription(id: state.lastSubscription, queue: queue, owner: self)
            state.queues[queue, default: InProcessQueue()]
                .add(
                    InProcessQueue.Consumer(id: subscription.id, prefetch: prefetch, stream: subscription.continuation))
            return subscription
        }
    }

    /// Ends all subscriptions; afterwards publishing is refused and subscribing throws.
    public func close() {
        let consumers = state.withLock { state in
            state.isClosed = true
            defer { state.queues = [:] }
            return state.queues.values.flatMap(\.consumers)
        }
        for consumer in consumers { consumer.stream.finish() }
    }

    private func publish(_ message: OutgoingMessage, _ state: inout State) -> PublishOutcome {
        guard !state.isClosed else { return .refused }
        let name: QueueName
        switch message.route {
        case .tasks(let type):
            name = .tasks(type)
        case .worker(let id):
            name = .worker(id)
            // A worker's queue exists while somebody has used it within five minutes.
            if state.queues[name]?.isExpired ?? true {
                state.queues[name] = nil
                return .returned
            }
        case .status(.running):
            // Nobody needs to listen.
            return .confirmed
        case .status:
            name = .status
        }
        return add(InProcessQueue.Message(body: message.body, headers: message.headers), to: name, &state)
    }

    private func add(_ message: InProcessQueue.Message, to name: QueueName, _ state: inout State) -> PublishOutcome {
        guard state.queues[name, default: InProcessQueue()].count < maxQueueLength else { return .refused }
        state.queues[name, default: InProcessQueue()].append(message)
        return .confirmed
    }
}

// MARK: - For subscriptions

extension InProcessMessageQueue {
    func settle(_ tags: [UInt64], of id: UInt64, in queue: QueueName, returning: Bool) {
        state.withLock { $0.queues[queue]?.settle(tags, of: id, returning: returning) }
    }

    /// Moves a delivery to the dead queue; it stays where it is while that is full.
    ///
    /// - Returns: whether it was moved.
    func park(_ delivery: Delivery, of id: UInt64, in queue: QueueName, reason: String) -> Bool {
        state.withLock { state in
            guard state.queues[queue]?.holds(delivery.tag, of: id) == true else { return true }
            var headers = delivery.headers
            headers[ParkedMessage.reasonHeader] = reason
            headers[ParkedMessage.queueHeader] = queue.description
            let message = InProcessQueue.Message(body: delivery.body, headers: headers)
            guard add(message, to: .dead, &state) == .confirmed else { return false }
            state.queues[queue]?.settle([delivery.tag], of: id, returning: false)
            return true
        }
    }

    func cancel(_ id: UInt64, in queue: QueueName) {
        state.withLock { $0.queues[queue]?.remove(id) }
    }
}
