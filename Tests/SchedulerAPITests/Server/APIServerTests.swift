import HTTPTypes
import HummingbirdTesting
import Logging
import NIOCore
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import ServiceLifecycle
import Testing

@testable import SchedulerAPI

@Suite("API server")
struct APIServerTests {
    private func server(
        port: Int = 0, host: String = "127.0.0.1", onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) -> APIServer {
        let clock = VirtualClock()
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return APIServer(
            configuration: APIConfiguration(host: host, port: port),
            service: TaskService(store: InMemoryStore(now: { clock.now }), clock: clock), clock: clock, logger: logger,
            onListening: onListening)
    }

    /// Runs a server as a role does, hands its port to the body, and ends it gracefully.
    private func withRunningServer(_ body: @Sendable (Int) async throws -> Void) async throws {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let server = server { continuation.yield($0) }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let group = ServiceGroup(configuration: .init(services: [server], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let port = try #require(await ports.first { _ in true })
            #expect(server.port == port)
            try await body(port)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test("a server on port 0 says which port it got, serves, and ends on graceful shutdown")
    func servesAndEnds() async throws {
        try await withRunningServer { port in
            try await TestClient.withClient(host: "127.0.0.1", port: port) { client in
                let response = try await client.get("/health")
                #expect(response.status == .ok)
                let body = try JSONValue(parsing: String(buffer: response.body ?? .init()))
                #expect(body["port"] == .integer(Int64(port)))
            }
        }
    }

    @Test("a port in use is one error that names the key, the host and the port")
    func portInUse() async throws {
        try await withRunningServer { port in
            let second = server(port: port)
            let error = await #expect(throws: SchedulerError.self) { try await second.run() }
            #expect(error?.code == .configuration)
            for part in ["SCHEDULER_API_PORT", "127.0.0.1", "\(port)", "in use"] {
                #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
            }
        }
    }

    @Test(
        "an address of another machine is one error that names the key",
        arguments: ["192.0.2.1", "no.such.host.invalid"])
    func foreignHost(host: String) async throws {
        let error = await #expect(throws: SchedulerError.self) { try await server(host: host).run() }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains("SCHEDULER_API_HOST") == true, "\(error?.message ?? "")")
    }
}
