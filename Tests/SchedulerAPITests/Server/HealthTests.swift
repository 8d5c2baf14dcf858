import HTTPTypes
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import Testing

@testable import SchedulerAPI

@Suite("Health and readiness")
struct HealthTests {
    typealias Transport = APITestBench.Transport
    private static let up = HealthProbe("database", isRequired: true) {}
    private static let databaseDown = HealthProbe("database", isRequired: true) {
        throw SchedulerError(.storeUnavailable, "away")
    }
    private static let queueDown = HealthProbe("jobQueue", isRequired: false) {
        throw SchedulerError(.messageQueue, "away")
    }

    @Test("a process with all it needs is healthy and ready", arguments: Transport.allCases)
    func healthy(transport: Transport) async throws {
        try await APITestBench(probes: [HealthTests.up]).run(transport) { client in
            let health = try await client.get("/health")
            #expect(health.status == 200)
            #expect(health.body["status"] == "healthy")
            #expect(health.body["service"] == "scheduler-service")
            #expect(health.body["version"] == "1.2.3")
            #expect(health.body["tzdata"]?.string == SystemZones.shared.version)
            #expect(health.body["port"]?.integer != nil)
            #expect(health.body["dependencies"]?["database"]?["state"] == "up")
            #expect(health.body["dependencies"]?["database"]?["latency_ms"]?.integer != nil)
            #expect(try await client.get("/ready").status == 200)
        }
    }

    @Test("without its database a process lives but is not ready")
    func databaseAway() async throws {
        try await APITestBench(probes: [HealthTests.databaseDown]).run(.router) { client in
            let health = try await client.get("/health")
            #expect(health.status == 200)
            #expect(health.body["status"] == "unhealthy")
            #expect(health.body["dependencies"]?["database"] == ["state": "down", "latency_ms": nil])
            let ready = try await client.get("/ready")
            #expect(ready.status == 503)
            #expect(ready.headers[.retryAfter] == "1")
        }
    }

    @Test("without the queue the API goes on, degraded")
    func queueAway() async throws {
        try await APITestBench(probes: [HealthTests.up, HealthTests.queueDown]).run(.router) { client in
            let health = try await client.get("/health")
            #expect(health.body["status"] == "degraded")
            #expect(try await client.get("/ready").status == 200)
        }
    }

    @Test("a probe that never returns is down after the limit, and is asked only once")
    func hangingProbe() async throws {
        let calls = CallCounter()
        let probe = HealthProbe("database", isRequired: true) {
            calls.increment()
            await calls.untilReleased()
        }
        let check = HealthCheck([probe], limit: .milliseconds(20))
        for _ in 1...3 { #expect(await check().status == .unhealthy) }
        #expect(calls.count == 1)
        calls.release()
        var report = await check()
        while report.status != .healthy { report = await check() }
    }
}
