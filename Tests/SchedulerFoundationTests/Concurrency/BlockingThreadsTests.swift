import SchedulerErrors
import SchedulerFoundation
import Synchronization
import Testing

@Suite("Threads for blocking calls", .timeLimit(.minutes(1)))
struct BlockingThreadsTests {
    @Test("a closure gets the resource of its thread, which keeps its changes")
    func resource() async throws {
        let threads = BlockingThreads("counter", count: 1, capacity: 10, waitLimit: .seconds(5)) { 0 }
        for expected in 1...100 {
            let count = try await threads.run { count in
                count += 1
                return count
            }
            #expect(count == expected)
        }
        await threads.shutdown()
    }

    @Test("many callers are served by few threads")
    func many() async throws {
        let threads = BlockingThreads("few", count: 3, capacity: 1_000, waitLimit: .seconds(30)) { 0 }
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 1...500 { group.addTask { try await threads.run { _ in number } } }
            return try await group.reduce(0, +)
        }
        #expect(sum == 125_250)
        #expect(threads.load.busy == 0 && threads.load.waiting == 0)
        await threads.shutdown()
    }

    @Test("a full queue refuses, and a cancelled caller leaves the queue")
    func bounds() async throws {
        let threads = BlockingThreads("one", count: 1, capacity: 1, waitLimit: .seconds(600)) { 0 }
        let gate = Monitor(false)
        let busy = Task { try await threads.run { _ in gate.wait { $0 ? true : nil } } }
        try await eventually { threads.load.busy == 1 }

        let cancelled = Task { try await threads.run { _ in } }
        try await eventually { threads.load.waiting == 1 }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }

        let waiting = Task { try await threads.run { _ in } }
        try await eventually { threads.load.waiting == 1 }
        let full = await #expect(throws: SchedulerError.self) { try await threads.run { _ in } }
        #expect(full?.code == .overloaded)

        gate.withLock { $0 = true }
        gate.broadcast()
        #expect(try await busy.value == true)
        try await waiting.value
        await threads.shutdown()
        let stopped = await #expect(throws: SchedulerError.self) { try await threads.run { _ in } }
        #expect(stopped?.code == .unavailable)
    }

    @Test("a wait that is too long ends")
    func waitLimit() async throws {
        let threads = BlockingThreads("one", count: 1, capacity: 1, waitLimit: .seconds(1)) { 0 }
        let gate = Monitor(false)
        let busy = Task { try await threads.run { _ in gate.wait { $0 ? true : nil } } }
        try await eventually { threads.load.busy == 1 }
        let late = await #expect(throws: SchedulerError.self) { try await threads.run { _ in } }
        #expect(late?.code == .overloaded)
        gate.withLock { $0 = true }
        gate.broadcast()
        #expect(try await busy.value == true)
        await threads.shutdown()
    }

    @Test("the resource is closed by the time the shutdown returns")
    func closes() async throws {
        final class Resource: Sendable {
            let closed: Closed
            init(_ closed: Closed) { self.closed = closed }
            deinit { closed.count.add(1, ordering: .relaxed) }
        }
        final class Closed: Sendable { let count = Atomic(0) }
        let closed = Closed()
        let threads = BlockingThreads("closing", count: 4, capacity: 4, waitLimit: .seconds(5)) { Resource(closed) }
        try await threads.run { _ in }
        await threads.shutdown()
        #expect(closed.count.load(ordering: .relaxed) == 4)
    }

    private func eventually(_ condition: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while !condition() {
            try #require(ContinuousClock.now < deadline, "the condition never held")
            await Task.yield()
        }
    }
}
