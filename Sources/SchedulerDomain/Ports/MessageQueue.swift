/// The transport between roles.
///
/// Its messages are hints and reports; the store is the truth.
public protocol MessageQueue: Sendable {
    /// Publishes messages and waits until the broker has answered for each.
    ///
    /// Never throws for a single message: the outcome says it. An unknown outcome is published again by the caller,
    /// and recognised as a copy by the receiver.
    /// - Returns: one outcome per message, in order.
    func publish(_ messages: [OutgoingMessage]) async -> [PublishOutcome]

    /// Consumes a queue, which is declared if it is missing. The subscription outlives a lost connection.
    ///
    /// - Parameter prefetch: how many deliveries may be unacknowledged at once.
    /// - Throws: `messageQueue` where the broker cannot be reached now.
    func subscribe(to queue: QueueName, prefetch: Int) async throws -> any QueueSubscription

    /// Whether a message published now would reach the broker.
    var isConnected: Bool { get }
}

/// One consumer of one queue.
public protocol QueueSubscription: Sendable {
    /// Batches of deliveries; ends after `cancel`. Bounded by the prefetch.
    var deliveries: AsyncStream<[Delivery]> { get }

    /// Takes deliveries off the queue. A delivery of a lost connection is ignored: the broker delivers it again.
    func acknowledge(_ deliveries: [Delivery]) async

    /// Returns deliveries to the queue.
    func requeue(_ deliveries: [Delivery]) async

    /// Puts a delivery that cannot be handled aside with its reason, and takes it off the queue.
    func park(_ delivery: Delivery, reason: String) async

    /// Stops consuming; what is unacknowledged returns to the queue.
    func cancel() async
}

/// Where a message goes.
public enum QueueName: Sendable, Hashable, CustomStringConvertible {
    /// Runs of one task type, shared by all workers that take it.
    case tasks(String)
    /// Runs and commands for one worker; gone when it is unused for five minutes.
    case worker(WorkerID)
    /// Outcomes, for any dispatcher.
    case status
    /// What could not be handled.
    case dead

    public var description: String {
        switch self {
        case .tasks(let type): "task.\(type)"
        case .worker(let id): "worker.\(id)"
        case .status: "status"
        case .dead: "dead"
        }
    }
}

/// A route into an exchange.
public enum MessageRoute: Sendable, Hashable {
    /// `scheduler.tasks` to `task.<type>`.
    case tasks(String)
    /// `scheduler.workers` to `worker.<id>`; returned where the worker's queue does not exist.
    case worker(WorkerID)
    /// `scheduler.status` with `status.<key>`.
    case status(StatusKey)

    public enum StatusKey: String, Sendable, Hashable, CaseIterable {
        case running
        /// Ended well.
        case success
        case failed
        /// Any other end.
        case completed
    }
}

public struct OutgoingMessage: Sendable, Hashable {
    public var route: MessageRoute
    /// The encoded envelope.
    public var body: [UInt8]
    /// W3C trace headers and the like.
    public var headers: [String: String]

    public init(route: MessageRoute, body: [UInt8], headers: [String: String] = [:]) {
        self.route = route
        self.body = body
        self.headers = headers
    }
}

/// What the broker said about one message.
public enum PublishOutcome: Sendable, Hashable {
    /// The broker has taken responsibility.
    case confirmed
    /// No queue takes the route.
    case returned
    /// The queue is full, or the broker refuses.
    case refused
    /// The connection was lost or the answer did not come in time: the message may have arrived or not.
    case unknown
}

/// A message as it arrived, with its receipt.
public struct Delivery: Sendable, Hashable {
    public var body: [UInt8]
    public var headers: [String: String]
    public var isRedelivered: Bool
    /// Which connection delivered it; receipts of an older one are void.
    public var generation: UInt64
    /// The receipt, unique in its generation.
    public var tag: UInt64

    public init(body: [UInt8], headers: [String: String] = [:], isRedelivered: Bool, generation: UInt64, tag: UInt64) {
        self.body = body
        self.headers = headers
        self.isRedelivered = isRedelivered
        self.generation = generation
        self.tag = tag
    }
}
