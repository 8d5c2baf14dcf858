import Logging
import SchedulerDomain
import SchedulerFoundation
import SchedulerTestingUtils
import Testing

@testable import SchedulerInfrastructure

/// Queues on a real broker, each under a name of its own and removed afterwards, so that all tests run in parallel.
enum RabbitMQFixture {
    static var isAvailable: Bool { TestContainers.rabbitMQURL != nil }

    /// Shows nothing unless something is wrong with the test itself.
    static var logger: Logger {
        var logger = Logger(label: "test.rabbitmq")
        logger.logLevel = .critical
        return logger
    }

    static func sharedConfiguration() throws -> RabbitMQConfiguration {
        try configuration(of: #require(TestContainers.rabbitMQURL))
    }

    static func configuration(of url: String) throws -> RabbitMQConfiguration {
        var configuration = try RabbitMQConfiguration(url: url)
        configuration.namespace = "test-\(RunID(bits: .random(in: 0...(.max)))):"
        return configuration
    }

    /// Opens a queue, hands it to the body, closes it and removes what it declared.
    static func withQueue<Result: Sendable>(
        _ configuration: RabbitMQConfiguration, _ body: (RabbitMQMessageQueue) async throws -> Result
    ) async throws -> Result {
        let queue = try RabbitMQMessageQueue(configuration, logger: logger)
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(queue)) } catch { result = .failure(error) }
        await queue.close()
        try removeTopology(configuration)
        return try result.get()
    }

    static func withAdministration<Result>(
        _ configuration: RabbitMQConfiguration, _ body: (AMQPConnection, RabbitMQTopology) throws -> Result
    ) throws -> Result {
        let connection = try AMQPConnection(
            to: configuration.hosts[0], of: configuration, role: "test", control: AMQPControl())
        defer { connection.close() }
        return try body(connection, RabbitMQTopology(configuration, logger: logger))
    }

    /// The queues that the tests use, without those of workers.
    static let queues: [QueueName] = [.tasks("shell"), .tasks("http"), .tasks("lua"), .status, .dead]

    static func removeTopology(_ configuration: RabbitMQConfiguration) throws {
        try withAdministration(configuration) { connection, topology in
            for queue in queues { try connection.deleteQueue(topology.name(of: queue)) }
            for name in [topology.tasks, topology.status, topology.workers, topology.events, topology.dead] {
                try connection.deleteExchange(name)
            }
        }
    }

    /// Returns the next batch of deliveries, waiting at most 40 seconds.
    static func nextBatch(of subscription: any QueueSubscription) async throws -> [Delivery] {
        let batch = try await withTimeout(.seconds(40), "the next delivery") {
            var batches = subscription.deliveries.makeAsyncIterator()
            return await batches.next()
        }
        return try #require(batch)
    }

    /// Waits until the condition holds, at most 40 seconds.
    static func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(40)
        while try await !condition() {
            try #require(ContinuousClock.now < deadline, "\(what) did not come true in time")
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
