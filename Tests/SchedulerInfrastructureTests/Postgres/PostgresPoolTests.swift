import Dispatch
import SchedulerErrors
import SchedulerFoundation
import Synchronization
import Testing

@testable import SchedulerInfrastructure

@Suite("Sessions of PostgreSQL", .enabled(if: PostgresTestServer.isAvailable, "needs PostgreSQL"))
struct PostgresPoolTests {
    private static let processID = PostgresStatement.read("test.pid", "SELECT pg_backend_pid()")
    private static let sleep = PostgresStatement.read("test.sleep", "SELECT pg_sleep($1 / 1000.0)::text")
    private static let write = PostgresStatement.write("test.write", "SELECT pg_sleep($1 / 1000.0)::text")
    private static let terminate = PostgresStatement.read("test.terminate", "SELECT pg_terminate_backend($1, 10000)")

    @Test("a session that the server ended while idle is replaced before its next use")
    func replacesIdle() async throws {
        try await withPool { pool in
            let first = try await processID(pool)
            try await terminate(first)
            let second = try await processID(pool)
            #expect(second != nil && first != second)
        }
    }

    @Test("what was lost before it changed anything is repeated once in another session", arguments: [false, true])
    func repeats(inTransaction: Bool) async throws {
        try await withPool { pool in
            for losses in 1...2 {
                let (pids, announce) = AsyncStream.makeStream(of: Int?.self)
                let work: @Sendable (PostgresSession) throws -> Int? = { session in
                    let pid = try session.execute(Self.processID).first { try $0.int() }
                    announce.yield(pid)
                    _ = try session.execute(
                        inTransaction ? Self.write : Self.sleep, [.int4(losses == 1 ? 2_000 : 9_000)])
                    return pid
                }
                let busy = Task {
                    try await inTransaction ? pool.transaction("busy", work) : pool.withSession("busy", work)
                }
                var sessions = pids.makeAsyncIterator()
                for _ in 0..<losses {
                    let pid = try #require(await sessions.next() ?? nil)
                    try await waitUntilActive(pid)
                    try await terminate(pid)
                }
                if losses == 1 {
                    let last = await sessions.next() ?? nil
                    #expect(try await busy.value == last)
                } else {
                    let error = await #expect(throws: SchedulerError.self) { try await busy.value }
                    #expect(error?.code == .storeUnavailable)
                }
            }
        }
    }

    @Test("a closure that has changed something for good is not repeated")
    func keepsChanges() async throws {
        try await withPool { pool in
            let runs = Mutex(0)
            let pid = try await processID(pool)
            let busy = Task {
                try await pool.withSession("busy") { session in
                    runs.withLock { $0 += 1 }
                    _ = try session.execute(Self.write, [.int4(0)])
                    _ = try session.execute(Self.sleep, [.int4(9_000)])
                }
            }
            try await waitUntilActive(pid)
            try await terminate(pid)
            let error = await #expect(throws: SchedulerError.self) { try await busy.value }
            #expect(error?.code == .storeUnavailable)
            #expect(runs.withLock { $0 } == 1)
        }
    }

    @Test("a change whose server is gone has an unknown outcome, and the next call works")
    func losesBusy() async throws {
        try await withPool { pool in
            let pid = try await processID(pool)
            let busy = Task {
                try await pool.withSession("busy") { _ = try $0.execute(Self.write, [.int4(30_000)]) }
            }
            try await waitUntilActive(pid)
            try await terminate(pid)
            let error = await #expect(throws: SchedulerError.self) { try await busy.value }
            #expect(error?.code == .outcomeUnknown)
            let next = try await processID(pool)
            #expect(next != nil)
        }
    }

    @Test(
        "a transaction that pauses for too long is too slow, whatever it was about to change", arguments: [false, true])
    func pauses(writes: Bool) async throws {
        try await withPool { configuration in
            configuration.idleInTransactionTimeout = .milliseconds(50)
        } body: { pool in
            let (pids, announce) = AsyncStream.makeStream(of: Int?.self)
            let isGone = DispatchSemaphore(value: 0)
            async let watching: Void = {
                defer { isGone.signal() }
                for await pid in pids { try await waitUntilGone(pid) }
            }()
            let error = await #expect(throws: SchedulerError.self) {
                try await pool.transaction("pause") { session in
                    announce.yield(try session.execute(Self.processID).first { try $0.int() })
                    announce.finish()
                    // The closure has a thread of its own.
                    isGone.wait()
                    _ = try session.execute(writes ? Self.write : Self.sleep, [.int4(0)])
                }
            }
            try await watching
            #expect(error?.code == .timeout)
        }
    }

    @Test(
        "an answer that does not come is given up at the deadline",
        arguments: [(false, SchedulerError.Code.storeUnavailable), (true, .outcomeUnknown)])
    func deadline(writes: Bool, code: SchedulerError.Code) async throws {
        try await withPool { configuration in
            configuration.statementTimeout = .milliseconds(50)
            configuration.answerGrace = .milliseconds(150)
        } body: { pool in
            let error = await #expect(throws: SchedulerError.self) {
                try await pool.withSession("stall") { session in
                    // The server no longer ends the statement by itself, as behind a connection that is cut.
                    try session.script("no limit", "SET statement_timeout = 0")
                    _ = try session.execute(writes ? Self.write : Self.sleep, [.int4(30_000)])
                }
            }
            #expect(error?.code == code)
            let next = try await processID(pool)
            #expect(next != nil)
        }
    }

    @Test("the server ends a statement that takes too long, and the session goes on")
    func statementTimeout() async throws {
        try await withPool {
            $0.statementTimeout = .milliseconds(50)
        } body: { pool in
            let before = try await processID(pool)
            let error = await #expect(throws: SchedulerError.self) {
                try await pool.withSession("slow") { _ = try $0.execute(Self.sleep, [.int4(30_000)]) }
            }
            #expect(error?.code == .timeout)
            let after = try await processID(pool)
            #expect(before == after)
        }
    }

    @Test("a statement can be cancelled from outside")
    func cancels() async throws {
        try await withPool { pool in
            let pid = try await processID(pool)
            let busy = Task { try await pool.withSession("busy") { _ = try $0.execute(Self.sleep, [.int4(30_000)]) } }
            try await waitUntilActive(pid)
            await pool.cancelStatements()
            let error = await #expect(throws: SchedulerError.self) { try await busy.value }
            #expect(error?.code == .timeout)
        }
    }

    @Test("a transaction that lost against another is run again, whole, but not for ever")
    func retries() async throws {
        try await withPool { pool in
            let runs = Mutex(0)
            let second = try await pool.transaction("conflict") { session in
                let run = runs.withLock { runs in
                    runs += 1
                    return runs
                }
                if run == 1 { try session.script("lose", "DO $$ BEGIN RAISE SQLSTATE '40001'; END $$") }
                return run
            }
            #expect(second == 2)
            let error = await #expect(throws: SchedulerError.self) {
                try await pool.transaction("conflict") { session in
                    runs.withLock { $0 += 1 }
                    try session.script("lose", "DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$")
                }
            }
            #expect(error?.code == .transactionConflict)
            #expect(runs.withLock { $0 } == 7)
        }
    }

    @Test("a failed transaction leaves nothing behind, and the session goes on")
    func rollsBack() async throws {
        try await withPool { pool in
            struct Refusal: Error {}
            await #expect(throws: Refusal.self) {
                try await pool.transaction("refuse") { session in
                    try session.script("table", "CREATE TABLE rolled_back (id integer)")
                    throw Refusal()
                }
            }
            let exists = PostgresStatement.read("test.exists", "SELECT to_regclass('rolled_back') IS NOT NULL")
            let isThere = try await pool.withSession("look") { try $0.execute(exists).first { try $0.bool() } }
            #expect(isThere == false)
        }
    }

    @Test("whoever waits too long for a session is told that the pool is overloaded")
    func overload() async throws {
        try await withPool { configuration in
            configuration.acquireTimeout = .seconds(1)
        } body: { pool in
            let pid = try await processID(pool)
            let busy = Task { try await pool.withSession("busy") { _ = try $0.execute(Self.sleep, [.int4(30_000)]) } }
            try await waitUntilActive(pid)
            let error = await #expect(throws: SchedulerError.self) { try await pool.withSession("late") { _ in } }
            #expect(error?.code == .overloaded)
            await pool.cancelStatements()
            await #expect(throws: SchedulerError.self) { try await busy.value }
        }
    }

    @Test("a server that is away fails calls without waiting for it each time, and a pool that was shut down says so")
    func away() async throws {
        var configuration = try PostgresConfiguration(url: "postgres://nobody@127.0.0.1:1/none")
        configuration.poolSize = 2
        let pool = PostgresPool(configuration, logger: PostgresTestServer.logger)
        let start = ContinuousClock.now
        for _ in 0..<20 {
            let error = await #expect(throws: SchedulerError.self) { try await pool.withSession("x") { _ in } }
            #expect(error?.code == .storeUnavailable)
        }
        // Twenty times the connect timeout would be a hundred seconds.
        #expect(ContinuousClock.now - start < .seconds(60))
        #expect(pool.health.isUnreachable)
        await pool.shutdown()
        let error = await #expect(throws: SchedulerError.self) { try await pool.withSession("x") { _ in } }
        #expect(error?.code == .unavailable)
    }

    private func withPool(
        _ adjust: (inout PostgresConfiguration) -> Void = { _ in },
        body: (PostgresPool) async throws -> Void
    ) async throws {
        var configuration = try PostgresTestServer.configuration()
        configuration.poolSize = 1
        adjust(&configuration)
        let pool = PostgresPool(configuration, logger: PostgresTestServer.logger)
        let result: Result<Void, any Error>
        do { result = .success(try await body(pool)) } catch { result = .failure(error) }
        await pool.shutdown()
        try result.get()
    }

    private func processID(_ pool: PostgresPool) async throws -> Int? {
        try await pool.withSession("pid") { try $0.execute(Self.processID).first { try $0.int() } }
    }

    private func terminate(_ pid: Int?) async throws {
        try await PostgresTestServer.withSession { session in
            _ = try session.execute(Self.terminate, [.int4(pid)])
        }
    }

    private func waitUntilGone(_ pid: Int?) async throws {
        let count = PostgresStatement.read("test.gone", "SELECT count(*) FROM pg_stat_activity WHERE pid = $1")
        try await PostgresTestServer.waitUntil { session in
            try session.execute(count, [.int4(pid)]).first { try $0.int() } == 0
        }
    }

    private func waitUntilActive(_ pid: Int?) async throws {
        let isActive = PostgresStatement.read(
            "test.active",
            """
            SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND state = 'active' AND wait_event = 'PgSleep'
            """)
        try await PostgresTestServer.waitUntil { session in
            try session.execute(isActive, [.int4(pid)]).first { try $0.int() } == 1
        }
    }
}
