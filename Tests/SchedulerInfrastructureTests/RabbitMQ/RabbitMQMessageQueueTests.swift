import Glibc
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerInfrastructure

@Suite("RabbitMQ message queue")
struct RabbitMQMessageQueueTests {
    private static let message = OutgoingMessage(route: .tasks("shell"), body: Array("message".utf8))

    @Test("where nobody listens, publishing is refused at once and subscribing throws")
    func noBroker() async throws {
        let configuration = RabbitMQConfiguration(hosts: [.init(name: "127.0.0.1", port: 1)])
        let queue = try RabbitMQMessageQueue(configuration, logger: RabbitMQFixture.logger)
        #expect(await queue.publish([Self.message, Self.message]) == [.refused, .refused])
        await #expect { try await queue.subscribe(to: .status, prefetch: 1) } throws: {
            ($0 as? SchedulerError)?.code == .messageQueue
        }
        #expect(!queue.isConnected)
        await queue.close()
    }

    @Test("a peer that accepts and never answers holds up neither callers nor the close")
    func silentPeer() async throws {
        let listener = try SilentListener()
        var configuration = RabbitMQConfiguration(hosts: [.init(name: "127.0.0.1", port: listener.port)])
        configuration.operationTimeout = .milliseconds(300)
        // So long that only our own bounds can end the waits below it; those are short, and the machine may be busy.
        configuration.connectTimeout = .seconds(300)
        let queue = try RabbitMQMessageQueue(configuration, logger: RabbitMQFixture.logger)
        let start = ContinuousClock.now
        #expect(await queue.publish([Self.message]) == [.refused])
        await #expect(throws: SchedulerError.self) { try await queue.subscribe(to: .status, prefetch: 1) }
        await queue.close()
        #expect(ContinuousClock.now - start < .seconds(200))
    }

    @Test("a closed queue refuses and throws, and closing again is harmless")
    func closed() async throws {
        let configuration = RabbitMQConfiguration(hosts: [.init(name: "127.0.0.1", port: 1)])
        let queue = try RabbitMQMessageQueue(configuration, logger: RabbitMQFixture.logger)
        await queue.close()
        #expect(await queue.publish([Self.message]) == [.refused])
        await #expect(throws: SchedulerError.self) { try await queue.subscribe(to: .status, prefetch: 1) }
        await queue.close()
    }

    @Test(
        "what the protocol cannot carry is refused and costs nobody the connection",
        .enabled(if: RabbitMQFixture.isAvailable))
    func unsendable() async throws {
        try await RabbitMQFixture.withQueue(RabbitMQFixture.sharedConfiguration()) { queue in
            let outcomes = await queue.publish([
                Self.message,
                OutgoingMessage(route: .tasks(String(repeating: "x", count: 300)), body: []),
                OutgoingMessage(
                    route: .tasks("shell"), body: [], headers: ["h": String(repeating: "x", count: 200_000)]),
                Self.message,
            ])
            #expect(outcomes == [.confirmed, .refused, .refused, .confirmed])
        }
    }

    @Test("deleted queues come back, for the publisher and for the consumer", .enabled(if: RabbitMQFixture.isAvailable))
    func deletedQueues() async throws {
        let configuration = try RabbitMQFixture.sharedConfiguration()
        try await RabbitMQFixture.withQueue(configuration) { queue in
            let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 10)
            let status = OutgoingMessage(route: .status(.failed), body: [1])
            #expect(await queue.publish([Self.message, status]) == [.confirmed, .confirmed])
            await subscription.acknowledge(try await RabbitMQFixture.nextBatch(of: subscription))
            try RabbitMQFixture.withAdministration(configuration) { connection, topology in
                for name in [QueueName.tasks("shell"), .status] {
                    try connection.deleteQueue(topology.name(of: name))
                }
            }
            #expect(await queue.publish([Self.message, status]) == [.confirmed, .confirmed])
            #expect(try await RabbitMQFixture.nextBatch(of: subscription).count == 1)
        }
    }

    @Test(
        "what the broker gives up is a dead letter that says so, and so is a body too large to publish again",
        .enabled(if: RabbitMQFixture.isAvailable))
    func deadLetters() async throws {
        var configuration = try RabbitMQFixture.sharedConfiguration()
        configuration.deliveryLimit = 2
        try await RabbitMQFixture.withQueue(configuration) { queue in
            let dead = try await queue.subscribe(to: .dead, prefetch: 10)
            let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 1)
            let body = Array("comes back".utf8)
            #expect(await queue.publish([OutgoingMessage(route: .tasks("shell"), body: body)]) == [.confirmed])
            for _ in 0..<3 { await subscription.requeue(try await RabbitMQFixture.nextBatch(of: subscription)) }
            let given = try await RabbitMQFixture.nextBatch(of: dead)
            let letter = ParkedLetter(try #require(given.first))
            #expect(letter.queue.hasSuffix("task.shell") && letter.body == "comes back")
            #expect(letter.reason.hasPrefix("the broker gave it up: "))
            await dead.acknowledge(given)
            let large = Delivery(
                body: [UInt8](repeating: 0x78, count: (16 << 20) + 1), isRedelivered: false, generation: 0, tag: 0)
            await subscription.park(large, reason: "too large")
            let parked = try await RabbitMQFixture.nextBatch(of: dead)
            let cut = ParkedLetter(try #require(parked.first))
            #expect(cut.bodyBytes == (16 << 20) + 1 && cut.body.utf8.count == ParkedLetter.bodyLimit)
            #expect(cut.reason == "too large")
            await dead.acknowledge(parked)
        }
    }

    @Test("deleted exchanges come back", .enabled(if: RabbitMQFixture.isAvailable))
    func deletedExchanges() async throws {
        let configuration = try RabbitMQFixture.sharedConfiguration()
        try await RabbitMQFixture.withQueue(configuration) { queue in
            #expect(await queue.publish([Self.message]) == [.confirmed])
            try RabbitMQFixture.removeTopology(configuration)
            // The broker answers the first by closing the channel; what it was is not known.
            #expect(await queue.publish([Self.message]) != [.confirmed])
            try await RabbitMQFixture.eventually("a confirm") { await queue.publish([Self.message]) == [.confirmed] }
        }
    }

    @Test("a queue that exists with other bounds is used as it is", .enabled(if: RabbitMQFixture.isAvailable))
    func otherArguments() async throws {
        let configuration = try RabbitMQFixture.sharedConfiguration()
        try await RabbitMQFixture.withQueue(configuration) { queue in
            #expect(await queue.publish([Self.message]) == [.confirmed])
            var other = configuration
            other.maxQueueLength = 7
            let second = try RabbitMQMessageQueue(other, logger: RabbitMQFixture.logger)
            let subscription = try await second.subscribe(to: .tasks("shell"), prefetch: 1)
            #expect(try await RabbitMQFixture.nextBatch(of: subscription).count == 1)
            #expect(await second.publish([Self.message]) == [.confirmed])
            await second.close()
        }
    }

    @Test("of several hosts one that answers is found", .enabled(if: RabbitMQFixture.isAvailable))
    func severalHosts() async throws {
        var configuration = try RabbitMQFixture.sharedConfiguration()
        let alive = configuration.hosts[0]
        configuration.hosts = [alive] + (1...3).map { .init(name: "127.0.0.1", port: $0) }
        try await RabbitMQFixture.withQueue(configuration) { queue in
            try await RabbitMQFixture.eventually("a confirm") { await queue.publish([Self.message]) == [.confirmed] }
        }
    }

    @Test("an idle connection is kept alive by its heartbeats", .enabled(if: RabbitMQFixture.isAvailable))
    func heartbeats() async throws {
        var configuration = try RabbitMQFixture.sharedConfiguration()
        configuration.heartbeat = .seconds(1)
        try await RabbitMQFixture.withQueue(configuration) { queue in
            let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 1)
            #expect(await queue.publish([Self.message]) == [.confirmed])
            let before = try await RabbitMQFixture.nextBatch(of: subscription)
            // Heartbeats are the broker's real time: it drops a client that is silent for two of them.
            let start = ContinuousClock.now
            try await RabbitMQFixture.eventually("an idle time of four heartbeats") {
                ContinuousClock.now - start > .seconds(4)
            }
            #expect(queue.isConnected)
            await subscription.acknowledge(before)
            #expect(await queue.publish([Self.message]) == [.confirmed])
            let after = try await RabbitMQFixture.nextBatch(of: subscription)
            #expect(after.map(\.generation) == before.map(\.generation))
            #expect(after.map(\.isRedelivered) == [false])
        }
    }

    @Test("what still waits at the close is published", .enabled(if: RabbitMQFixture.isAvailable))
    func closingPublishes() async throws {
        try await RabbitMQFixture.withQueue(RabbitMQFixture.sharedConfiguration()) { queue in
            #expect(await queue.publish([Self.message]) == [.confirmed])
            async let outcomes = queue.publish((0..<5_000).map { _ in Self.message })
            await queue.close()
            // Either it was taken in before the close and then confirmed, or it came too late and was refused whole.
            let kinds = Set(await outcomes)
            #expect(kinds == [.confirmed] || kinds == [.refused])
        }
    }
}

/// A socket that listens and is never accepted from, as a frozen peer would be.
private final class SilentListener {
    let port: Int
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) + listen(descriptor, 8) + getsockname(descriptor, pointer, &length)
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        try #require(status == 0)
    }

    deinit { close(descriptor) }
}
