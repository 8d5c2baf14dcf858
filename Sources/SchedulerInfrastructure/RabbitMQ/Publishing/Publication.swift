import SchedulerDomain

/// A message in AMQP's terms.
struct Publication: Sendable {
    var exchange: String
    var key: String
    /// Whether it comes back where no queue takes it.
    var isMandatory: Bool
    /// The queue that the publisher itself declares; nil where only the consumer does.
    var queue: QueueName?
    var headers: [String: String]
    var body: [UInt8]

    init(_ message: OutgoingMessage, in topology: RabbitMQTopology) {
        headers = message.headers
        body = message.body
        switch message.route {
        case .tasks(let type):
            let queue = QueueName.tasks(type)
            (exchange, key, isMandatory, self.queue) = (topology.tasks, queue.description, true, queue)
        case .worker(let id):
            // Only a living worker declares its queue; without one the message must come back.
            (exchange, key, isMandatory, queue) = (topology.workers, QueueName.worker(id).description, true, nil)
        case .status(.running):
            // Nobody needs to listen, so it is not returned where nobody does.
            (exchange, key, isMandatory, queue) = (topology.status, "status.running", false, nil)
        case .status(let statusKey):
            (exchange, key, isMandatory, queue) = (topology.status, "status.\(statusKey.rawValue)", true, .status)
        }
    }

    /// A delivery that is put aside.
    init(parking delivery: Delivery, from queue: QueueName, reason: String, in topology: RabbitMQTopology) {
        headers = delivery.headers
        headers[ParkedMessage.reasonHeader] = String(reason.prefix(1_000))
        headers[ParkedMessage.queueHeader] = queue.description
        body = delivery.body
        (exchange, key, isMandatory, self.queue) = (topology.dead, "", true, .dead)
        // What is too large to be published again would come back for ever.
        if body.count > Publication.maxBodyBytes {
            headers[ParkedMessage.bytesHeader] = "\(body.count)"
            body = Array(body.prefix(ParkedLetter.bodyLimit))
        }
        // Headers that leave no room for the reason stay behind, or the message would come back for ever.
        if !isSendable {
            let ours = [ParkedMessage.reasonHeader, ParkedMessage.queueHeader, ParkedMessage.bytesHeader]
            headers = headers.filter { ours.contains($0.key) }
        }
    }

    /// Whether the protocol can carry it: a name holds at most 255 bytes, the headers must fit into one frame, and a
    /// broker refuses very large bodies by closing the channel, which would cost all others their connection.
    var isSendable: Bool {
        key.utf8.count <= 255 && exchange.utf8.count <= 255 && body.count <= Publication.maxBodyBytes
            && headers.allSatisfy { $0.key.utf8.count <= 128 }
            && headers.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 16 } <= Publication.maxHeaderBytes
    }

    private static let maxHeaderBytes = 64 << 10
    private static let maxBodyBytes = 16 << 20
}
