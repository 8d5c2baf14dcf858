import DequeModule
import SchedulerDomain
import SchedulerFoundation

/// One queue: what waits, what is out with which consumer, and whose turn it is.
struct InProcessQueue {
    struct Message {
        var body: [UInt8]
        var headers: [String: String]
        var isRedelivered = false
        /// Its place in the queue, to which it returns.
        var position: UInt64 = 0
    }

    struct Consumer {
        let id: UInt64
        let prefetch: Int
        let stream: AsyncStream<[Delivery]>.Continuation
        /// Delivered and not settled, by receipt.
        var held: [UInt64: Message] = [:]
    }

    private(set) var waiting: Deque<Message> = []
    /// The consumer whose turn it is comes first.
    private(set) var consumers: Deque<Consumer> = []
    private var heldCount = 0
    private var lastPosition: UInt64 = 0
    private var lastTag: UInt64 = 0
    private var unusedSince = MonotonicClock.now

    /// How many messages there are, delivered ones included.
    var count: Int { waiting.count + heldCount }

    /// Whether nobody has consumed it for five minutes.
    var isExpired: Bool { consumers.isEmpty && MonotonicClock.now - unusedSince > .seconds(300) }

    mutating func append(_ message: Message) {
        lastPosition += 1
        var message = message
        message.position = lastPosition
        waiting.append(message)
        deliver()
    }

    mutating func add(_ consumer: Consumer) {
        consumers.append(consumer)
        deliver()
    }

    mutating func remove(_ id: UInt64) {
        guard let index = consumers.firstIndex(where: { $0.id == id }) else { return }
        let consumer = consumers.remove(at: index)
        putBack(Array(consumer.held.values))
        if consumers.isEmpty { unusedSince = MonotonicClock.now }
        deliver()
    }

    func holds(_ tag: UInt64, of id: UInt64) -> Bool {
        consumers.first { $0.id == id }?.held[tag] != nil
    }

    /// Takes deliveries off the queue, or puts them back; receipts that are not open are ignored.
    mutating func settle(_ tags: [UInt64], of id: UInt64, returning: Bool) {
        guard let index = consumers.firstIndex(where: { $0.id == id }) else { return }
        let settled = tags.compactMap { consumers[index].held.removeValue(forKey: $0) }
        if returning { putBack(settled) } else { heldCount -= settled.count }
        deliver()
    }

    private mutating func putBack(_ messages: [Message]) {
        heldCount -= messages.count
        for var message in messages.sorted(by: { $0.position > $1.position }) {
            message.isRedelivered = true
            // Nearly always the front; behind those that came back earlier and were before it.
            let index = waiting.firstIndex { $0.position > message.position } ?? waiting.endIndex
            waiting.insert(message, at: index)
        }
    }

    /// Hands out what waits, one message to each consumer in turn, as far as their prefetch goes.
    private mutating func deliver() {
        var batches: [UInt64: [Delivery]] = [:]
        var passed = 0
        while !waiting.isEmpty, passed < consumers.count, var consumer = consumers.popFirst() {
            if consumer.held.count < consumer.prefetch, let message = waiting.popFirst() {
                lastTag += 1
                consumer.held[lastTag] = message
                heldCount += 1
                batches[consumer.id, default: []].append(
                    Delivery(
                        body: message.body, headers: message.headers, isRedelivered: message.isRedelivered,
                        generation: consumer.id, tag: lastTag))
                passed = 0
            } else {
                passed += 1
            }
            consumers.append(consumer)
        }
        for consumer in consumers {
            if let batch = batches[consumer.id] { consumer.stream.yield(batch) }
        }
    }
}
