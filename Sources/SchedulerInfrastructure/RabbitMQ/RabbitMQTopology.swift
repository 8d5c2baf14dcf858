import Logging
import SchedulerDomain
import SchedulerFoundation

/// The names of exchanges and queues, and how they are declared.
///
/// Declaring what exists changes nothing, so each process declares what it uses each time it connects, and after a
/// broker came back empty everything is there again.
struct RabbitMQTopology {
    private let prefix: String
    private let configuration: RabbitMQConfiguration
    private let logger: Logger

    init(_ configuration: RabbitMQConfiguration, logger: Logger) {
        prefix = configuration.namespace
        self.configuration = configuration
        self.logger = logger
    }

    var tasks: String { prefix + "scheduler.tasks" }
    var status: String { prefix + "scheduler.status" }
    var workers: String { prefix + "scheduler.workers" }
    var events: String { prefix + "scheduler.events" }
    var dead: String { prefix + "scheduler.dead" }

    func name(of queue: QueueName) -> String { prefix + queue.description }

    func declareExchanges(on connection: AMQPConnection) throws(AMQPError) {
        try connection.declareExchange(tasks, type: "direct")
        try connection.declareExchange(status, type: "topic")
        try connection.declareExchange(workers, type: "topic")
        try connection.declareExchange(events, type: "fanout")
        try connection.declareExchange(dead, type: "fanout")
    }

    /// Declares a queue and what leads into it.
    func declare(_ queue: QueueName, on connection: AMQPConnection) throws(AMQPError) {
        let name = name(of: queue)
        if !(try connection.declareQueue(name, arguments: arguments(of: queue))) {
            logger.warning(
                "The queue exists with other bounds and is used as it is; it takes the configured ones once it is deleted",
                metadata: [LogKey.queue: "\(name)"])
        }
        switch queue {
        case .tasks:
            try connection.bindQueue(name, to: tasks, key: queue.description)
        case .worker:
            try connection.bindQueue(name, to: workers, key: queue.description)
        case .status:
            // `status.running` is for whoever watches; nobody settles it.
            for key in MessageRoute.StatusKey.allCases where key != .running {
                try connection.bindQueue(name, to: status, key: "status.\(key.rawValue)")
            }
        case .dead:
            try connection.bindQueue(name, to: dead, key: "")
        }
    }

    private func arguments(of queue: QueueName) -> [(String, AMQPArena.Value)] {
        let bounds: [(String, AMQPArena.Value)] = [
            ("x-max-length", .integer(configuration.maxQueueLength)),
            ("x-max-length-bytes", .integer(configuration.maxQueueBytes)),
            ("x-overflow", .text("reject-publish")),
        ]
        return switch queue {
        case .tasks, .status:
            bounds + [
                ("x-queue-type", .text("quorum")),
                // A message that takes its consumer down each time ends on the dead ones, by the broker's own count.
                ("x-delivery-limit", .integer(configuration.deliveryLimit)),
                ("x-dead-letter-exchange", .text(dead)),
            ]
        case .dead:
            bounds + [("x-queue-type", .text("quorum"))]
        case .worker:
            // Gone five minutes after its worker; what was in it returns to pending by the store's clock.
            bounds + [("x-expires", .integer(300_000))]
        }
    }
}
