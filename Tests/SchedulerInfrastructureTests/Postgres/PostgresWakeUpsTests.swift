import SchedulerDomain
import Testing

@testable import SchedulerInfrastructure

@Suite(
    "Wake-ups over PostgreSQL", .enabled(if: PostgresTestServer.isAvailable, "needs PostgreSQL"),
    .timeLimit(.minutes(1)))
struct PostgresWakeUpsTests {
    @Test("a hint reaches other processes")
    func reaches() async throws {
        try await withTwo { sender, receiver, _ in
            var hints = receiver.stream().makeAsyncIterator()
            // Every kind is told once when the session begins.
            #expect(await hints.next(3) == Set(WakeUp.all))
            await sender.send(.runs)
            #expect(await hints.next() == .runs)
            await sender.send(.tasks)
            #expect(await hints.next() == .tasks)
        }
    }

    @Test("a hint may name a worker; of very many one for all is left")
    func namesWorkers() async throws {
        try await withTwo { sender, receiver, _ in
            var hints = receiver.stream().makeAsyncIterator()
            #expect(await hints.next(3) == Set(WakeUp.all))
            let worker = WorkerID.fresh(at: .epoch)
            await sender.send(.worker(worker))
            #expect(await hints.next() == .worker(worker))
            for _ in 0..<1_000 { await sender.send(.worker(.fresh(at: .epoch))) }
            while let hint = await hints.next(), hint != .workers {}
        }
    }

    @Test("many hints at once are few notifications")
    func coalesces() async throws {
        try await withTwo { sender, receiver, _ in
            var hints = receiver.stream().makeAsyncIterator()
            #expect(await hints.next(3) == Set(WakeUp.all))
            for _ in 0..<10_000 { await sender.send(.runs) }
            await sender.send(.tasks)
            var received: [WakeUp] = []
            while Set(received).count < 2, let hint = await hints.next() { received.append(hint) }
            #expect(Set(received) == [.tasks, .runs])
            #expect(received.count < 1_000)
        }
    }

    @Test("after the server ended the session every kind is told once, and hints arrive again")
    func reconnects() async throws {
        try await withTwo { sender, receiver, database in
            var hints = receiver.stream().makeAsyncIterator()
            #expect(await hints.next(3) == Set(WakeUp.all))
            try await PostgresTestServer.administer(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(database)'")
            #expect(await hints.next(3) == Set(WakeUp.all))
            await sender.send(.runs)
            #expect(await hints.next() == .runs)
        }
    }

    @Test("a stream ends with the shutdown, also one that begins after it")
    func ends() async throws {
        let wakeUps = PostgresWakeUps(try PostgresTestServer.configuration(), logger: PostgresTestServer.logger)
        var hints = wakeUps.stream().makeAsyncIterator()
        _ = await hints.next()
        await wakeUps.shutdown()
        while await hints.next() != nil {}
        var late = wakeUps.stream().makeAsyncIterator()
        #expect(await late.next() == nil)
    }

    private func withTwo(
        _ body: @Sendable (PostgresWakeUps, PostgresWakeUps, String) async throws -> Void
    ) async throws {
        try await PostgresTestServer.withEmptyDatabase { configuration in
            let sender = PostgresWakeUps(configuration, logger: PostgresTestServer.logger)
            let receiver = PostgresWakeUps(configuration, logger: PostgresTestServer.logger)
            let database = String(configuration.url.split(separator: "/").last ?? "")
            let result: Result<Void, any Error>
            do { result = .success(try await body(sender, receiver, database)) } catch { result = .failure(error) }
            await sender.shutdown()
            await receiver.shutdown()
            try result.get()
        }
    }
}

extension AsyncStream<WakeUp>.AsyncIterator {
    /// The next few hints.
    fileprivate mutating func next(_ count: Int) async -> Set<WakeUp> {
        var hints: Set<WakeUp> = []
        for _ in 0..<count { if let hint = await next() { hints.insert(hint) } }
        return hints
    }
}
