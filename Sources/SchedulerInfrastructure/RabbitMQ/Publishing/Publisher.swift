import CRabbitMQ
import DequeModule
import SchedulerDomain
import SchedulerFoundation

/// Publishes from the inbox on a connection of its own, many at once, and gives each message its outcome.
///
/// Traps handled here (numbers as in `AMQPConnection`):
/// 2. Confirms that are read after the inbox was looked at can open the window: `turn` looks at both again before the
///    thread sleeps.
/// 7. After a loss every unconfirmed publish is `unknown`; a message that never reached the socket is refused, also by a
///    thread that has ended (`PublishInbox.submit`), so no caller waits for ever.
/// 8. An unroutable message comes back and is then confirmed all the same: the return is noted until the confirm comes.
/// 9. Deliveries have another connection (`Consumer`), so a blocked publisher does not stop acknowledgements.
/// 10. A publish is three system calls: many runs or outcomes travel in one message instead of many messages.
final class Publisher: AMQPRole {
    private let inbox: PublishInbox
    private let topology: RabbitMQTopology
    private let limit: Int
    private var window = PublishWindow()
    private var declared: Set<QueueName> = []
    /// Came back and go once more, in the order of their time.
    private var again: Deque<PublishItem> = []
    private var isBlocked = false

    private let channel: amqp_channel_t = 2
    /// How long the broker may read and confirm nothing before the connection is given up.
    private static let stallLimit = Duration.seconds(15)
    /// How long a queue that was deleted stays so.
    ///
    /// RabbitMQ tells its consumers of the deletion a moment later; where it then finds the queue made anew, it
    /// attaches them to that one by itself and drops its first messages as copies (seen with 3.10 and quorum queues).
    private static let redeclarePause = Duration.milliseconds(300)
    /// So many at once between looks at what came in.
    private static let batch = 256

    init(inbox: PublishInbox, topology: RabbitMQTopology, window: Int) {
        self.inbox = inbox
        self.topology = topology
        limit = window
    }

    func begin(on connection: AMQPConnection) throws(AMQPError) {
        isBlocked = false
        declared = []
        try topology.declareExchanges(on: connection)
        try declare(.dead, on: connection)
        try declare(.status, on: connection)
        try connection.openChannel(channel)
        try connection.selectConfirms(channel)
        inbox.opened()
    }

    func turn(on connection: AMQPConnection) throws(AMQPError) -> Duration {
        while let event = try connection.nextEvent() { handle(event) }
        if inbox.isStalled(longerThan: Publisher.stallLimit) { throw AMQPError("the broker confirms nothing") }
        try publish(on: connection)
        guard !isBlocked, window.count < limit else { return .seconds(3_600) }
        if !inbox.isEmpty { return .zero }
        let next = again.first?.repeatsAt
        return next.map { max(.zero, ContinuousClock.now.duration(to: $0)) } ?? .seconds(3_600)
    }

    var isIdle: Bool { window.count == 0 && again.isEmpty && inbox.isEmpty }

    func connectionLost(_ error: AMQPError, reconnectsNow: Bool) {
        // First, so that whoever gets an outcome from here on finds the queue unconnected.
        inbox.lost(reconnectsNow: reconnectsNow)
        for item in window.reset() { item.settle(.unknown) }
        for item in again { item.settle(.returned) }
        again = []
    }

    func turnWhileAway(_ error: AMQPError) {}

    func end() {
        inbox.close()
        for item in window.reset() { item.settle(.unknown) }
        for item in again { item.settle(.returned) }
        inbox.refuseAll()
    }
}

// MARK: - Sending

extension Publisher {
    private func publish(on connection: AMQPConnection) throws(AMQPError) {
        let room = isBlocked ? 0 : min(Publisher.batch, limit - window.count)
        guard room > 0 else { return }
        let now = ContinuousClock.now
        let repeated = again.prefix(room).prefix { $0.repeatsAt.map { $0 <= now } ?? true }
        again.removeFirst(repeated.count)
        var items = (Array(repeated) + inbox.take(room - repeated.count))[...]
        do {
            while let item = items.first {
                try send(item, on: connection)
                items.removeFirst()
            }
        } catch {
            // The failing one is settled; the others never reached the socket.
            for item in items.dropFirst() { item.settle(item.repeatsAt == nil ? .refused : .returned) }
            throw error
        }
    }

    private func send(_ item: PublishItem, on connection: AMQPConnection) throws(AMQPError) {
        // Too late for its caller, or refused before: nothing is to be declared for it.
        guard item.isOpen else { return }
        let publication = item.publication
        if let queue = publication.queue {
            do {
                try declare(queue, on: connection)
            } catch {
                item.settle(.refused)
                throw error
            }
        }
        // From here on a loss leaves it unknown: it is in the window, and `connectionLost` settles that.
        guard item.ticket.begin(item.index) else { return }
        let tag = window.add(item)
        try connection.publish(publication, messageID: String(tag), on: channel)
        do { try FailPoint.hit(.publishBeforeConfirm) } catch { throw AMQPError("\(error)") }
    }

    /// Declares a queue once per connection, and again after one of its messages came back.
    private func declare(_ queue: QueueName, on connection: AMQPConnection) throws(AMQPError) {
        guard !declared.contains(queue) else { return }
        try topology.declare(queue, on: connection)
        declared.insert(queue)
    }
}

// MARK: - Answers

extension Publisher {
    private func handle(_ event: AMQPEvent) {
        switch event {
        case .message(let content, _):
            if let tag = content.messageID.flatMap({ UInt64($0) }) { window.markReturned(tag) }
        case .confirmed(let tag, let multiple):
            settle(tag, multiple, .confirmed)
        case .refused(let tag, let multiple):
            settle(tag, multiple, .refused)
        case .blocked:
            isBlocked = true
            inbox.setBlocked(true)
            // Callers learn it now instead of at the end of their time.
            inbox.refuseAll()
        case .unblocked:
            isBlocked = false
            inbox.setBlocked(false)
        case .consumerCancelled, .channelClosed:
            break
        }
    }

    private func settle(_ tag: UInt64, _ multiple: Bool, _ outcome: PublishOutcome) {
        inbox.setStalled(false)
        for var item in window.settle(tag, multiple: multiple) {
            guard item.isReturned else {
                item.settle(outcome)
                continue
            }
            if let queue = item.publication.queue, item.repeatsAt == nil {
                // The broker has lost a queue of ours: declare it anew and send once more.
                declared.remove(queue)
                item.isReturned = false
                item.repeatsAt = .now + Publisher.redeclarePause
                again.append(item)
            } else {
                item.settle(.returned)
            }
        }
    }
}
