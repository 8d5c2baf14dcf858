public import Logging
public import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
public import ServiceLifecycle
private import Synchronization

/// The message queue on RabbitMQ 3.8 or later.
///
/// One thread with a connection of its own publishes, another consumes, a third ends what is overdue; they start with the
/// first use or with `run`, and live until `run` ends or `close` is called. The broker is a transport only, the store is
/// the truth: so an outcome here may be `unknown`, and a message may come twice.
public final class RabbitMQMessageQueue: MessageQueue, Service {
    private enum Phase {
        case idle
        case running([NamedThread])
        case closed
    }

    private struct State {
        var phase = Phase.idle
        var lastSubscription: RabbitMQSubscription.ID = 0
    }

    private let configuration: RabbitMQConfiguration
    private let topology: RabbitMQTopology
    private let logger: Logger
    private let publisherControl: AMQPControl
    private let consumerControl: AMQPControl
    private let inbox: PublishInbox
    private let mailbox: ConsumerMailbox
    private let watchdog: Watchdog
    private let state = Mutex(State())

    /// - Throws: `messageQueue` where the process has no file descriptor left.
    public init(_ configuration: RabbitMQConfiguration, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        topology = RabbitMQTopology(configuration, logger: logger)
        publisherControl = try AMQPControl()
        consumerControl = try AMQPControl()
        inbox = PublishInbox(capacity: configuration.inboxCapacity, control: publisherControl)
        mailbox = ConsumerMailbox(control: consumerControl)
        watchdog = try Watchdog(limit: configuration.operationTimeout)
    }

    deinit {
        publisherControl.stop()
        consumerControl.stop()
        watchdog.stop()
    }

    /// Keeps the connections until the service shuts down, then closes them in order.
    public func run() async throws {
        try start()
        // Both ends of the wait lead to the same close; after a cancellation there is nothing to report.
        try? await gracefulShutdown()
        await close()
    }

    /// Publishes what still waits, returns what is unacknowledged, and ends the threads; within about eight seconds,
    /// also with a broker that does not answer.
    ///
    /// Afterwards publishing is refused and subscribing throws.
    public func close() async {
        let threads: [NamedThread] = state.withLock { state in
            defer { state.phase = .closed }
            if case .running(let threads) = state.phase { return threads } else { return [] }
        }
        inbox.close()
        publisherControl.stop()
        consumerControl.stop()
        await withCancellationShield { await self.waitForEnd(of: threads) }
        // Where the threads never ran, or are stuck for good, this answers whoever waits.
        inbox.refuseAll()
        watchdog.stop()
    }

    public var isConnected: Bool { inbox.isConnected }

    public func publish(_ messages: [OutgoingMessage]) async -> [PublishOutcome] {
        await publish(messages.map { Publication($0, in: topology) })
    }

    public func subscribe(to queue: QueueName, prefetch: Int) async throws -> any QueueSubscription {
        precondition(prefetch > 0, "a consumer holds at least one delivery")
        guard topology.name(of: queue).utf8.count <= 255 else {
            throw SchedulerError(.messageQueue, "the name of the queue \(queue) is longer than RabbitMQ allows")
        }
        try start()
        let subscription = RabbitMQSubscription(
            id: nextSubscription(), queue: queue, prefetch: prefetch, mailbox: mailbox, watchdog: watchdog
        ) { [topology, weak self] delivery, reason in
            let publication = Publication(parking: delivery, from: queue, reason: reason, in: topology)
            return await self?.publish([publication]).first ?? .refused
        }
        let reply = OneShot<Result<Void, SchedulerError>>()
        guard mailbox.post(.subscribe(subscription, reply)) else { throw RabbitMQMessageQueue.closedError }
        let late = SchedulerError(.messageQueue, "RabbitMQ did not answer in time; try again in a moment")
        watchdog.watch(ExpiringReply(reply, late: .failure(late)))
        try await reply.value.get()
        return subscription
    }
}

extension RabbitMQMessageQueue {
    private static var closedError: SchedulerError { SchedulerError(.messageQueue, "the message queue is closed") }

    private func publish(_ publications: [Publication]) async -> [PublishOutcome] {
        guard !publications.isEmpty else { return [] }
        do {
            try start()
        } catch {
            logger.error("The message queue cannot start", metadata: [LogKey.error: "\(error)"])
            return publications.map { _ in .refused }
        }
        let ticket = PublishTicket(publications) { [inbox] in inbox.setStalled(true) }
        for (index, publication) in publications.enumerated() where !publication.isSendable {
            ticket.settle(index, .refused)
        }
        if inbox.submit(ticket) { watchdog.watch(ticket) } else { ticket.expire() }
        return await ticket.outcomes
    }

    private func nextSubscription() -> RabbitMQSubscription.ID {
        state.withLock { state in
            state.lastSubscription += 1
            return state.lastSubscription
        }
    }

    /// Starts the threads, once.
    private func start() throws {
        try state.withLock { state in
            switch state.phase {
            case .running: return
            case .closed: throw RabbitMQMessageQueue.closedError
            case .idle: state.phase = .running(try startThreads())
            }
        }
    }

    private func startThreads() throws -> [NamedThread] {
        let (configuration, topology, logger, inbox, mailbox) = (configuration, topology, logger, inbox, mailbox)
        let (publisherControl, consumerControl, watchdog) = (publisherControl, consumerControl, watchdog)
        // The roles are made on their threads, which own them.
        return [
            try NamedThread("amqp-watchdog") { watchdog.run() },
            try NamedThread("amqp-publisher") {
                AMQPLoop(
                    name: "publisher", configuration: configuration, control: publisherControl,
                    role: Publisher(inbox: inbox, topology: topology, window: configuration.publishWindow),
                    logger: logger
                ).run()
            },
            try NamedThread("amqp-consumer") {
                AMQPLoop(
                    name: "consumer", configuration: configuration, control: consumerControl,
                    role: Consumer(mailbox: mailbox, topology: topology), logger: logger
                ).run()
            },
        ]
    }

    /// Waits for the threads; those that a silent broker holds are torn out of their calls after three seconds, and those
    /// that not even that frees (the resolver) are left to the end of the process after eight.
    private func waitForEnd(of threads: [NamedThread]) async {
        let start = ContinuousClock.now
        var passed = Duration.zero
        while threads.dropFirst().contains(where: { !$0.hasEnded }), passed < .seconds(8) {
            if passed > .seconds(3) {
                publisherControl.breakConnection()
                consumerControl.breakConnection()
            }
            // Short, since the threads end within a millisecond of being asked.
            try? await Task.sleep(for: .milliseconds(2))
            passed = ContinuousClock.now - start
        }
        if passed >= .seconds(8) { logger.error("A thread of the message queue does not end and is left behind") }
    }
}
