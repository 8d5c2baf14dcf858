import SchedulerDomain
import SchedulerTestingUtils
import Testing

@Suite("The virtual clock", .timeLimit(.minutes(1)))
struct VirtualClockTests {
    @Test("stands still until it is moved")
    func stands() async throws {
        let clock = VirtualClock()
        #expect(clock.now == VirtualClock.start)
        #expect(clock.now.description == "2026-11-21T01:00:00Z")
        clock.advance(by: .milliseconds(1_500))
        #expect(clock.now == VirtualClock.start.advanced(by: .milliseconds(1_500)))
        clock.set(to: .epoch)
        #expect(clock.now == .epoch)
    }

    @Test("resumes whose deadline has come and nobody else")
    func deadlines() async throws {
        let clock = VirtualClock()
        let woken = Shared<[Int]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seconds in [30, 10, 20] {
                group.addTask {
                    try await clock.sleep(for: .seconds(seconds))
                    woken.change { $0.append(seconds) }
                }
            }
            try await clock.waitForSleepers(3)
            clock.advance(by: .seconds(9))
            #expect(clock.sleeperCount == 3)
            clock.advance(by: .seconds(1))
            try await group.next()
            #expect(woken.value == [10])
            #expect(clock.sleeperCount == 2)
            clock.advance(by: .seconds(60))
            try await group.waitForAll()
            #expect(Set(woken.value) == [10, 20, 30])
        }
    }

    @Test("does not hold up who sleeps until now or earlier")
    func past() async throws {
        let clock = VirtualClock()
        try await clock.sleep(for: .zero)
        try await clock.sleep(until: .epoch, tolerance: nil)
        #expect(clock.sleeperCount == 0)
    }

    @Test("lets a cancelled sleeper and a cancelled watcher go")
    func cancelled() async throws {
        let clock = VirtualClock()
        let sleeper = Task { try await clock.sleep(for: .seconds(1)) }
        try await clock.waitForSleepers(1)
        let watcher = Task { try await clock.waitForSleepers(2) }
        sleeper.cancel()
        watcher.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
        await #expect(throws: CancellationError.self) { try await watcher.value }
        #expect(clock.sleeperCount == 0)
        clock.advance(by: .seconds(10))
    }

    @Test("keeps at most one hint of each kind per reader", .timeLimit(.minutes(1)))
    func wakeUps() async {
        let wakeUps = InMemoryWakeUps()
        let stream = wakeUps.stream()
        for _ in 0..<3 {
            await wakeUps.send(.runs)
            await wakeUps.send(.tasks)
        }
        var iterator = stream.makeAsyncIterator()
        #expect(await iterator.next() == .runs)
        await wakeUps.send(.runs)
        #expect(await iterator.next() == .tasks)
        #expect(await iterator.next() == .runs)
        let reader = Task {
            var iterator = stream.makeAsyncIterator()
            return await iterator.next()
        }
        reader.cancel()
        #expect(await reader.value == nil)
    }
}
