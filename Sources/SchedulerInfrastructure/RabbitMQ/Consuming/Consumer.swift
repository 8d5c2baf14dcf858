import CRabbitMQ
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

/// Consumes for all subscriptions of the process on one connection, each on a channel of its own: so a subscription has
/// its own delivery tags and prefetch, and closing its channel stops it and returns what is unacknowledged in one step.
///
/// Traps handled here (numbers as in `AMQPConnection`): 9, publishing has another connection; 11, see `ReceiptBook`.
final class Consumer: AMQPRole {
    /// The channel of a subscription on the present connection.
    private final class Attachment {
        let channel: amqp_channel_t
        let generation: UInt64
        let tag: String
        let since = ContinuousClock.now
        /// When something was last delivered.
        var heardAt = ContinuousClock.now
        var receipts = ReceiptBook()
        /// Delivered in this turn.
        var batch: [Delivery] = []

        init(channel: amqp_channel_t, generation: UInt64) {
            self.channel = channel
            self.generation = generation
            tag = "consumer-\(generation)"
        }
    }

    private final class Record {
        let subscription: RabbitMQSubscription
        /// Nil while it waits for a channel.
        var attachment: Attachment?
        var nextAttempt = ContinuousClock.now
        /// Its first step leaves the broker time to tell all consumers of a queue's deletion (`Publisher.redeclarePause`).
        var backoff = Backoff(base: .milliseconds(500), limit: .seconds(5))
        var isRead = true
        /// Who waits to hear that it consumes; nil once told.
        var reply: OneShot<Result<Void, SchedulerError>>?

        init(_ subscription: RabbitMQSubscription, _ reply: OneShot<Result<Void, SchedulerError>>) {
            self.subscription = subscription
            self.reply = reply
        }
    }

    private let mailbox: ConsumerMailbox
    private let topology: RabbitMQTopology
    private var records: [RabbitMQSubscription.ID: Record] = [:]
    private var owners: [amqp_channel_t: RabbitMQSubscription.ID] = [:]
    /// Channels that the broker has been asked to close, and who waits for that.
    private var closing: [amqp_channel_t: OneShot<Void>] = [:]
    private var generation: UInt64 = 0

    /// A consumer that holds nothing and has heard nothing for so long consumes anew, since a broker can lose a consumer
    /// without a word (`Publisher.redeclarePause`); its queue is declared anew by the way.
    private static let renewal = Duration.seconds(30)
    /// So many events at once between looks at the mailbox.
    private static let batch = 256

    init(mailbox: ConsumerMailbox, topology: RabbitMQTopology) {
        self.mailbox = mailbox
        self.topology = topology
    }

    func begin(on connection: AMQPConnection) throws(AMQPError) {
        try topology.declareExchanges(on: connection)
    }

    func turn(on connection: AMQPConnection) throws(AMQPError) -> Duration {
        try handleCommands(on: connection)
        try renewSilent(on: connection)
        try attachWaiting(on: connection)
        for _ in 0..<Consumer.batch {
            guard let event = try connection.nextEvent() else { break }
            try handle(event, on: connection)
        }
        for record in records.values { try flush(record, on: connection) }
        guard mailbox.isEmpty else { return .zero }
        let next = records.values.filter(\.isRead).map { record in
            record.attachment.map { $0.heardAt + Consumer.renewal } ?? record.nextAttempt
        }
        return next.min().map { max(.milliseconds(1), ContinuousClock.now.duration(to: $0)) } ?? .seconds(3_600)
    }

    var isIdle: Bool { mailbox.isEmpty }

    func connectionLost(_ error: AMQPError, reconnectsNow: Bool) {
        // Receipts of the lost connection are void: the broker delivers again.
        for record in records.values { record.attachment = nil }
        owners = [:]
        for reply in closing.values { reply.settle(()) }
        closing = [:]
    }

    func turnWhileAway(_ error: AMQPError) {
        for command in mailbox.takeAll() {
            switch command {
            case .subscribe(_, let reply):
                reply.settle(.failure(error.publicError("RabbitMQ cannot be reached; try again in a moment")))
            case .settle:
                break
            case .stopDelivering(let id):
                records[id]?.isRead = false
            case .cancel(let id, let reply):
                records[id] = nil
                reply.settle(())
            }
        }
    }

    func end() {
        for command in mailbox.close() {
            switch command {
            case .subscribe(_, let reply):
                reply.settle(.failure(SchedulerError(.messageQueue, "the message queue is closed")))
            case .cancel(_, let reply): reply.settle(())
            case .settle, .stopDelivering: break
            }
        }
        for reply in closing.values { reply.settle(()) }
        for record in records.values {
            record.reply?.settle(.failure(SchedulerError(.messageQueue, "the message queue is closed")))
            record.subscription.finish()
        }
        records = [:]
    }
}

// MARK: - Commands

extension Consumer {
    /// Handles what callers ask; where the connection breaks meanwhile, the rest stays for the next one.
    private func handleCommands(on connection: AMQPConnection) throws(AMQPError) {
        var commands = mailbox.takeAll()[...]
        while let command = commands.popFirst() {
            do throws(AMQPError) {
                try handle(command, on: connection)
            } catch {
                mailbox.putBack(Array(commands))
                throw error
            }
        }
    }

    private func handle(_ command: ConsumerMailbox.Command, on connection: AMQPConnection) throws(AMQPError) {
        switch command {
        case .subscribe(let subscription, let reply):
            try subscribe(subscription, reply, on: connection)
        case .settle(let id, let generation, let tags, let settlement):
            guard let attachment = records[id]?.attachment, attachment.generation == generation else { return }
            for tag in tags {
                switch settlement {
                case .acknowledge: attachment.receipts.acknowledge(tag)
                case .requeue where attachment.receipts.requeue(tag):
                    try connection.requeue(tag, on: attachment.channel)
                case .requeue: break
                }
            }
        case .stopDelivering(let id):
            records[id]?.isRead = false
            guard let attachment = records[id]?.attachment else { return }
            try connection.stopConsuming(tag: attachment.tag, on: attachment.channel)
        case .cancel(let id, let reply):
            let record = records.removeValue(forKey: id)
            guard let record, let attachment = record.attachment else {
                reply.settle(())
                return
            }
            try flush(record, on: connection)
            closing[attachment.channel] = reply
            try close(attachment.channel, on: connection)
        }
    }

    private func subscribe(
        _ subscription: RabbitMQSubscription, _ reply: OneShot<Result<Void, SchedulerError>>,
        on connection: AMQPConnection
    ) throws(AMQPError) {
        // Its caller has given up meanwhile.
        guard !reply.isSettled else { return }
        records[subscription.id] = Record(subscription, reply)
        try attachWaiting(on: connection)
    }
}

// MARK: - Channels

extension Consumer {
    private func renewSilent(on connection: AMQPConnection) throws(AMQPError) {
        let limit = ContinuousClock.now - Consumer.renewal
        for record in records.values where record.isRead {
            guard let attachment = record.attachment, attachment.heardAt < limit else { continue }
            guard attachment.receipts.isEmpty else {
                attachment.heardAt = .now
                continue
            }
            record.attachment = nil
            record.nextAttempt = .now
            try close(attachment.channel, on: connection)
        }
    }

    private func attachWaiting(on connection: AMQPConnection) throws(AMQPError) {
        let now = ContinuousClock.now
        for record in records.values where record.attachment == nil && record.isRead && record.nextAttempt <= now {
            do {
                try attach(record, on: connection)
            } catch {
                // One that fails by itself must not cost the others each new connection.
                record.nextAttempt = .now + record.backoff.next()
                // Another connection is just making the queue, and its process is not there yet (seen with 3.10 and
                // quorum queues): worth another try while the caller waits.
                if error.code != Int(AMQP_INTERNAL_ERROR) { fail(record, error) }
                throw error
            }
            try tell(record, on: connection)
        }
    }

    private func fail(_ record: Record, _ error: AMQPError) {
        guard let reply = record.reply else { return }
        records[record.subscription.id] = nil
        reply.settle(.failure(error.publicError("the queue \(record.subscription.queue) cannot be consumed now")))
    }

    /// Tells the caller of `subscribe` that it consumes; where that one has given up meanwhile, ends it again.
    private func tell(_ record: Record, on connection: AMQPConnection) throws(AMQPError) {
        guard let reply = record.reply else { return }
        record.reply = nil
        guard !reply.settle(.success(())), let attachment = record.attachment else { return }
        records[record.subscription.id] = nil
        try close(attachment.channel, on: connection)
    }

    private func attach(_ record: Record, on connection: AMQPConnection) throws(AMQPError) {
        let subscription = record.subscription
        let channel = try freeChannel()
        generation += 1
        let attachment = Attachment(channel: channel, generation: generation)
        try topology.declare(subscription.queue, on: connection)
        try connection.openChannel(channel)
        try connection.consume(
            topology.name(of: subscription.queue), prefetch: subscription.prefetch, tag: attachment.tag, on: channel)
        owners[channel] = subscription.id
        record.attachment = attachment
    }

    /// The lowest number that is not in use: the library keeps memory for each that ever was.
    private func freeChannel() throws(AMQPError) -> amqp_channel_t {
        let lowest = (amqp_channel_t(2)...2_047).first { owners[$0] == nil && closing[$0] == nil }
        guard let lowest else { throw AMQPError("open a channel: all are in use") }
        return lowest
    }

    private func close(_ channel: amqp_channel_t, on connection: AMQPConnection) throws(AMQPError) {
        owners[channel] = nil
        if closing[channel] == nil { closing[channel] = OneShot() }
        try connection.closeChannel(channel)
    }
}

// MARK: - Events

extension Consumer {
    private func handle(_ event: AMQPEvent, on connection: AMQPConnection) throws(AMQPError) {
        switch event {
        case .message(let content, let channel):
            // A channel that is being closed has no owner; the broker takes the message back.
            guard case .delivery(let tag, let isRedelivered) = content.origin, let id = owners[channel],
                let attachment = records[id]?.attachment
            else { return }
            attachment.receipts.delivered()
            attachment.heardAt = .now
            attachment.batch.append(
                Delivery(
                    body: content.body, headers: content.headers, isRedelivered: isRedelivered,
                    generation: attachment.generation, tag: tag))
        case .consumerCancelled(let channel):
            // The queue was deleted: take a new channel, which declares it again.
            guard let id = owners[channel], let record = records[id], let attachment = record.attachment else { return }
            if ContinuousClock.now - attachment.since > .seconds(1) { record.backoff.reset() }
            record.attachment = nil
            record.nextAttempt = .now + record.backoff.next()
            try close(channel, on: connection)
        case .channelClosed(let channel):
            closing.removeValue(forKey: channel)?.settle(())
        case .confirmed, .refused, .blocked, .unblocked:
            break
        }
    }

    /// Hands over what came in this turn, and tells the broker what was acknowledged.
    private func flush(_ record: Record, on connection: AMQPConnection) throws(AMQPError) {
        guard let attachment = record.attachment else { return }
        if !attachment.batch.isEmpty {
            record.subscription.yield(attachment.batch)
            attachment.batch = []
        }
        for acknowledgement in attachment.receipts.takeAcknowledgements() {
            try connection.acknowledge(
                acknowledgement.tag, multiple: acknowledgement.multiple, on: attachment.channel)
        }
    }
}
