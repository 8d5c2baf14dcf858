import Foundation
import Glibc
import SchedulerDomain
import SchedulerTestingUtils
import Testing

@testable import SchedulerInfrastructure

/// What a broker of one's own can do to its clients.
///
/// One after the other, since each is a server.
@Suite("RabbitMQ outages", .serialized, .enabled(if: TestContainers.canStartServers))
struct RabbitMQOutageTests {
    private static let message = OutgoingMessage(route: .tasks("shell"), body: Array("message".utf8))

    @Test("after a restart and after a crash of the broker, publishing and consuming go on")
    func restart() async throws {
        try await withPrivateQueue { server, queue in
            let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 10)
            try await publishAndConsume(queue, subscription)
            try await server.restart()
            try await publishAndConsume(queue, subscription)
            try await server.kill()
            #expect(await queue.publish([Self.message])[0] != .confirmed)
            #expect(!queue.isConnected)
            try await server.start()
            try await publishAndConsume(queue, subscription)
        }
    }

    @Test("a broker that came back empty gets its topology again")
    func reset() async throws {
        try await withPrivateQueue { server, queue in
            let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 10)
            try await publishAndConsume(queue, subscription)
            for command in ["stop_app", "reset", "start_app"] { _ = try await server.control(command) }
            try await publishAndConsume(queue, subscription)
            let status = OutgoingMessage(route: .status(.success), body: [1])
            #expect(await queue.publish([status]) == [.confirmed])
        }
    }

    @Test("with a frozen broker every publish is unknown within its time, and goes on when it thaws")
    func frozen() async throws {
        // With heartbeats so far apart, only the bound of the publish itself can end it.
        try await withPrivateQueue(operationTimeout: .seconds(1), heartbeat: .seconds(120)) { server, queue in
            let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 10)
            try await publishAndConsume(queue, subscription)
            let node = try nodeProcess(of: server)
            #expect(kill(node, SIGSTOP) == 0)
            defer { kill(node, SIGCONT) }
            let start = ContinuousClock.now
            let outcomes = await queue.publish((0..<100).map { _ in Self.message })
            #expect(Set(outcomes) == [.unknown])
            #expect(ContinuousClock.now - start < .seconds(100))
            #expect(!queue.isConnected)
            kill(node, SIGCONT)
            try await publishAndConsume(queue, subscription)
        }
    }

    @Test("a broker frozen for longer than its heartbeats allow is given up, and found again when it thaws")
    func frozenLong() async throws {
        try await withPrivateQueue(operationTimeout: .seconds(60), heartbeat: .seconds(1)) { server, queue in
            let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 10)
            try await publishAndConsume(queue, subscription)
            let node = try nodeProcess(of: server)
            #expect(kill(node, SIGSTOP) == 0)
            defer { kill(node, SIGCONT) }
            let start = ContinuousClock.now
            // Ended by the heartbeats, far before the time of the publish: unknown, or refused where they were quicker
            // than the publish and nothing was written.
            let outcomes = await queue.publish([Self.message])
            #expect(outcomes == [.unknown] || outcomes == [.refused])
            #expect(ContinuousClock.now - start < .seconds(50))
            kill(node, SIGCONT)
            try await publishAndConsume(queue, subscription)
        }
    }

    @Test("a broker short of memory blocks publishing, says so, and does not stop acknowledgements")
    func memoryAlarm() async throws {
        try await withPrivateQueue(operationTimeout: .seconds(1)) { server, queue in
            let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 1)
            #expect(await queue.publish([Self.message, Self.message]) == [.confirmed, .confirmed])
            let first = try await next(subscription)
            _ = try await server.control("set_vm_memory_high_watermark", "0.0001")
            try await RabbitMQFixture.eventually("a block") {
                let outcome = await queue.publish([Self.message])[0]
                return outcome != .confirmed && !queue.isConnected
            }
            #expect(await queue.publish([Self.message]) == [.refused])
            await subscription.acknowledge(first)
            // The second only comes because the acknowledgement got through.
            await subscription.acknowledge(try await next(subscription))
            _ = try await server.control("set_vm_memory_high_watermark", "0.6")
            try await RabbitMQFixture.eventually("the end of the block") {
                await queue.publish([Self.message]) == [.confirmed]
            }
        }
    }

    @Test("a broker short of disk space blocks publishing, which answers in time, and goes on afterwards")
    func diskAlarm() async throws {
        try await withPrivateQueue(operationTimeout: .seconds(1)) { server, queue in
            let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 1)
            try await publishAndConsume(queue, subscription)
            _ = try await server.control("set_disk_free_limit", "1000000GB")
            try await RabbitMQFixture.eventually("a block") {
                let start = ContinuousClock.now
                let outcome = await queue.publish([Self.message])[0]
                #expect(ContinuousClock.now - start < .seconds(10))
                return outcome != .confirmed && !queue.isConnected
            }
            _ = try await server.control("set_disk_free_limit", "1MB")
            try await publishAndConsume(queue, subscription)
        }
    }

    @Test("a half-open connection is found by its heartbeats, on both sides, and replaced")
    func halfOpen() async throws {
        let shared = try RabbitMQFixture.sharedConfiguration()
        let proxy = try TCPProxy(to: shared.hosts[0].port)
        defer { proxy.close() }
        var configuration = shared
        configuration.hosts = [.init(name: "127.0.0.1", port: proxy.port)]
        configuration.heartbeat = .seconds(1)
        configuration.operationTimeout = .seconds(2)
        let queue = try RabbitMQMessageQueue(configuration, logger: RabbitMQFixture.logger)
        let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 10)
        try await publishAndConsume(queue, subscription)
        proxy.set(.swallow)
        let start = ContinuousClock.now
        #expect(await queue.publish([Self.message])[0] != .confirmed)
        #expect(ContinuousClock.now - start < .seconds(10))
        proxy.set(.pass)
        try await publishAndConsume(queue, subscription)
        proxy.set(.cut(afterBytes: 20))
        _ = await queue.publish([Self.message])
        proxy.set(.pass)
        proxy.reset()
        try await publishAndConsume(queue, subscription)
        await queue.close()
        try RabbitMQFixture.removeTopology(shared)
    }

    @Test(
        "TLS: a trusted certificate is accepted, another is refused",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")))
    func tls() async throws {
        try await TestContainers.withServer(.rabbitmq) { server in
            let port = try await TLSListener.add(to: server)
            var configuration = try RabbitMQConfiguration(url: "amqps://localhost:\(port)")
            configuration.tls?.trustedCertificates = server.folder + "/certificate.pem"
            try await RabbitMQFixture.withQueue(configuration) { queue in
                let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 10)
                try await publishAndConsume(queue, subscription)
            }
            configuration.tls = RabbitMQConfiguration.TLS()
            let distrustful = try RabbitMQMessageQueue(configuration, logger: RabbitMQFixture.logger)
            #expect(await distrustful.publish([Self.message]) == [.refused])
            await distrustful.close()
        }
    }

    // MARK: - Steps

    private func withPrivateQueue(
        operationTimeout: Duration = .seconds(5),
        heartbeat: Duration = .seconds(2),
        _ body: (PrivateServer, RabbitMQMessageQueue) async throws -> Void
    ) async throws {
        try await TestContainers.withServer(.rabbitmq) { server in
            var configuration = try RabbitMQConfiguration(url: server.url)
            configuration.operationTimeout = operationTimeout
            configuration.heartbeat = heartbeat
            let queue = try RabbitMQMessageQueue(configuration, logger: RabbitMQFixture.logger)
            let result: Result<Void, any Error>
            do { result = .success(try await body(server, queue)) } catch { result = .failure(error) }
            await queue.close()
            try result.get()
        }
    }

    private func nodeProcess(of server: PrivateServer) throws -> pid_t {
        let text = try String(contentsOfFile: server.folder + "/data/node.pid", encoding: .utf8)
        return try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    /// Publishes until one is confirmed, then consumes until a message with that text has arrived.
    private func publishAndConsume(_ queue: RabbitMQMessageQueue, _ subscription: any QueueSubscription) async throws {
        let body = Array("\(RunID(bits: .random(in: 0...(.max))))".utf8)
        try await RabbitMQFixture.eventually("a confirm") {
            await queue.publish([OutgoingMessage(route: .tasks("shell"), body: body)]) == [.confirmed]
        }
        var arrived = false
        while !arrived {
            let deliveries = try await next(subscription)
            arrived = deliveries.contains { $0.body == body }
            await subscription.acknowledge(deliveries)
        }
    }

    private func next(_ subscription: any QueueSubscription) async throws -> [Delivery] {
        try await RabbitMQFixture.nextBatch(of: subscription)
    }
}
