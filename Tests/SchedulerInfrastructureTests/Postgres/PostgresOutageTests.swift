import Foundation
import Glibc
import Logging
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import SchedulerTestingUtils
import Synchronization
import Testing

@testable import SchedulerInfrastructure

/// What a server of one's own can do to its clients.
///
/// One after the other, since each is a server.
@Suite("PostgreSQL outages", .serialized, .enabled(if: TestContainers.canStartServers))
struct PostgresOutageTests {
    private static let one = PostgresStatement.read("test.one", "SELECT 1")
    private static let sleep = PostgresStatement.read("test.sleep", "SELECT pg_sleep($1 / 1000.0)::text")
    private static let change = PostgresStatement.write("test.change", "INSERT INTO changes VALUES (1)")

    @Test(
        "after a restart in order, at once or by a kill, no call of a pool full of dead sessions fails",
        arguments: [SIGINT, SIGQUIT, SIGKILL])
    func restarted(signal: Int32) async throws {
        try await TestContainers.withServer(.postgres) { server in
            try await withPool(server.url) { pool in
                try await openAll(pool)
                if signal == SIGKILL {
                    try await server.kill()
                } else {
                    let postmaster = try postmaster(of: server)
                    #expect(kill(postmaster, signal) == 0)
                    try await eventually { kill(postmaster, 0) != 0 }
                }
                try await server.start()
                let failures = await failures(of: 12) {
                    try await pool.transaction("x") { _ = try $0.execute(Self.one) }
                }
                #expect(failures.isEmpty)
            }
        }
    }

    @Test("while the server is away calls fail at once and say so in one line; it is found again within seconds")
    func away() async throws {
        try await TestContainers.withServer(.postgres) { server in
            let log = LogLines()
            try await withPool(server.url, logger: log.logger) { pool in
                try await openAll(pool)
                try await server.stop()
                let start = ContinuousClock.now
                let failures = await failures(of: 200) {
                    try await pool.withSession("x") { _ = try $0.execute(Self.one) }
                }
                #expect(failures.count == 200 && Set(failures) == [.storeUnavailable])
                #expect(ContinuousClock.now - start < .seconds(5))
                try await server.start()
                let back = ContinuousClock.now
                try await eventually { (try? await pool.withSession("x") { _ = try $0.execute(Self.one) }) != nil }
                #expect(ContinuousClock.now - back < .seconds(5))
                #expect(log.lines.map(\.level) == [.warning, .notice])
            }
        }
    }

    @Test("with a paused server every call is answered in bounded time, and it goes on afterwards")
    func paused() async throws {
        try await TestContainers.withServer(.postgres) { server in
            try await withPool(server.url) { pool in
                try await openAll(pool)
                let processes = try processes(of: server)
                for process in processes { kill(process, SIGSTOP) }
                defer { for process in processes { kill(process, SIGCONT) } }
                let start = ContinuousClock.now
                let failures = await failures(of: 20) {
                    try await pool.withSession("x") { _ = try $0.execute(Self.one) }
                }
                #expect(failures.count == 20)
                // The answer's limit, the wait for a session, and a new connection.
                #expect(ContinuousClock.now - start < .seconds(10))
                for process in processes { kill(process, SIGCONT) }
                try await eventually { (try? await pool.withSession("x") { _ = try $0.execute(Self.one) }) != nil }
            }
        }
    }

    @Test("a server that became read-only refuses changes as unavailable, and its sessions are dropped")
    func readOnly() async throws {
        try await TestContainers.withServer(.postgres) { server in
            _ = try await server.control("-Atc", "CREATE TABLE changes (n integer)")
            try await withPool(server.url, size: 1) { pool in
                try await pool.withSession("x") { _ = try $0.execute(Self.change) }
                for value in ["on", "off"] {
                    _ = try await server.control("-Atc", "ALTER SYSTEM SET default_transaction_read_only = \(value)")
                    _ = try await server.control("-Atc", "SELECT pg_reload_conf()")
                    try await eventually {
                        let failures = await failures(of: 1) {
                            try await pool.withSession("x") { _ = try $0.execute(Self.change) }
                        }
                        return failures == (value == "on" ? [.storeUnavailable] : [])
                    }
                }
            }
        }
    }

    @Test("where the server takes fewer sessions than the pool has threads, calls share those that there are")
    func fewSlots() async throws {
        try await TestContainers.withServer(.postgres) { server in
            _ = try await server.control("-Atc", "CREATE ROLE few LOGIN PASSWORD 'few' CONNECTION LIMIT 2")
            var url = try #require(URLComponents(string: server.url))
            (url.user, url.password) = ("few", "few")
            try await withPool(try #require(url.string), size: 6) { pool in
                try await pool.withSession("first") { _ = try $0.execute(Self.one) }
                let failures = await failures(of: 40) {
                    try await pool.withSession("x") { _ = try $0.execute(Self.sleep, [.int4(5)]) }
                }
                #expect(failures.isEmpty)
                #expect(pool.health.connected <= 2)
            }
        }
    }

    @Test("a slow server is waited for within the limit of each statement")
    func slow() async throws {
        try await withProxy { proxy, pool in
            try await pool.withSession("x") { _ = try $0.execute(Self.one) }
            proxy.set(.delay(.milliseconds(300)))
            let start = ContinuousClock.now
            try await pool.transaction("x") { for _ in 0..<2 { _ = try $0.execute(Self.one) } }
            #expect(ContinuousClock.now - start >= .seconds(2))
            proxy.set(.delay(.milliseconds(2_500)))
            let failures = await failures(of: 1) { try await pool.withSession("x") { _ = try $0.execute(Self.one) } }
            #expect(failures == [.storeUnavailable])
        }
    }

    @Test("a half-open connection is given up at the limit of the answer, and a new one is made")
    func halfOpen() async throws {
        try await withProxy { proxy, pool in
            try await openAll(pool)
            proxy.set(.swallow)
            let start = ContinuousClock.now
            let failures = await failures(of: 8) { try await pool.withSession("x") { _ = try $0.execute(Self.one) } }
            #expect(failures.count == 8)
            #expect(ContinuousClock.now - start < .seconds(10))
            proxy.set(.pass)
            try await eventually { (try? await pool.withSession("x") { _ = try $0.execute(Self.one) }) != nil }
        }
    }

    @Test("a connection cut inside an answer is never used again: a read has failed, a change is unknown")
    func cut() async throws {
        let many = PostgresStatement.read("test.many", "SELECT n FROM generate_series(1, 20000) AS n")
        let write = PostgresStatement.write("test.write", "SELECT n FROM generate_series(1, 20000) AS n")
        try await withProxy { proxy, pool in
            for (statement, code) in [(many, SchedulerError.Code.storeUnavailable), (write, .outcomeUnknown)] {
                try await openAll(pool)
                proxy.set(.cut(afterBytes: 5_000))
                let failures = await failures(of: 1) {
                    _ = try await pool.withSession("x") { try $0.execute(statement).map { try $0.int() } }
                }
                #expect(failures == [code])
                proxy.set(.pass)
                for _ in 0..<8 {
                    let rows = try await pool.withSession("x") { try $0.execute(many).map { try $0.int() } }
                    #expect(rows == Array(1...20_000))
                }
            }
        }
    }

    @Test("connections that are refused are tried anew with pauses that grow, not without end")
    func refused() async throws {
        try await withProxy { proxy, pool in
            try await pool.withSession("x") { _ = try $0.execute(Self.one) }
            proxy.set(.refuse)
            proxy.reset()
            let before = proxy.accepted
            let end = ContinuousClock.now + .seconds(2)
            while ContinuousClock.now < end {
                _ = await failures(of: 8) { try await pool.withSession("x") { _ = try $0.execute(Self.one) } }
            }
            // libpq tries each address once more without TLS.
            #expect(proxy.accepted - before <= 24)
            proxy.set(.pass)
            try await eventually { (try? await pool.withSession("x") { _ = try $0.execute(Self.one) }) != nil }
        }
    }

    // MARK: - Steps

    private func withPool(
        _ url: String, size: Int = 4, logger: Logger = PostgresTestServer.logger,
        _ body: (PostgresPool) async throws -> Void
    ) async throws {
        var configuration = try PostgresConfiguration(url: url)
        configuration.poolSize = size
        configuration.statementTimeout = .seconds(1)
        configuration.answerGrace = .seconds(1)
        configuration.acquireTimeout = .seconds(3)
        configuration.connectTimeout = .seconds(2)
        let pool = PostgresPool(configuration, logger: logger)
        let result: Result<Void, any Error>
        do { result = .success(try await body(pool)) } catch { result = .failure(error) }
        await pool.shutdown()
        try result.get()
    }

    /// A pool that reaches the shared server through a proxy.
    private func withProxy(_ body: (TCPProxy, PostgresPool) async throws -> Void) async throws {
        var url = try #require(PostgresTestServer.url.flatMap { URLComponents(string: $0) })
        let proxy = try TCPProxy(to: try #require(url.port))
        url.port = proxy.port
        try await withPool(try #require(url.string)) { try await body(proxy, $0) }
        proxy.close()
    }

    /// Connects each thread of the pool.
    private func openAll(_ pool: PostgresPool) async throws {
        try await eventually {
            _ = await failures(of: 8) {
                try await pool.withSession("open") { _ = try $0.execute(Self.sleep, [.int4(50)]) }
            }
            return pool.health.connected == pool.health.max
        }
    }

    /// Makes calls at once, and returns the codes of those that fail.
    private func failures(
        of count: Int, _ call: @escaping @Sendable () async throws -> Void
    ) async -> [SchedulerError.Code] {
        await withTaskGroup(of: SchedulerError.Code?.self) { group in
            for _ in 0..<count {
                group.addTask {
                    do { try await call() } catch { return (error as? SchedulerError)?.code ?? .internal }
                    return nil
                }
            }
            return await group.reduce(into: []) { if let code = $1 { $0.append(code) } }
        }
    }

    private func eventually(_ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while try await !condition() {
            try #require(ContinuousClock.now < deadline, "it did not come true in time")
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func postmaster(of server: PrivateServer) throws -> pid_t {
        let text = try String(contentsOfFile: server.folder + "/data/postmaster.pid", encoding: .utf8)
        return try #require(text.split(separator: "\n").first.flatMap { pid_t($0) })
    }

    /// The postmaster and its children.
    private func processes(of server: PrivateServer) throws -> [pid_t] {
        let postmaster = try postmaster(of: server)
        let all = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }
        return [postmaster]
            + all.filter { process in
                let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
                let fields = stat?.split(separator: ")").last?.split(separator: " ")
                return fields.flatMap { $0.count > 1 ? pid_t($0[1]) : nil } == postmaster
            }
    }
}

/// A log that a test can read.
private final class LogLines: Sendable {
    private let state = Mutex<[(level: Logger.Level, text: String)]>([])

    var lines: [(level: Logger.Level, text: String)] { state.withLock { $0 } }

    var logger: Logger { Logger(label: "test") { _ in Handler(owner: self) } }

    private struct Handler: LogHandler {
        let owner: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            owner.state.withLock { $0.append((event.level, "\(event.message)")) }
        }
    }
}
