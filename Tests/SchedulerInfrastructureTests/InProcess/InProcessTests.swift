import SchedulerDomain
import SchedulerTestingUtils
import Testing

@testable import SchedulerInfrastructure

@Suite("In-process queue and wake-ups")
struct InProcessTests {
    @Test("a reader keeps one hint of each kind, and hears of those sent while it works")
    func coalescing() async {
        let wakeUps = InProcessWakeUps()
        var hints = wakeUps.stream().makeAsyncIterator()
        for hint in [WakeUp.runs, .tasks, .runs, .runs, .tasks] { await wakeUps.send(hint) }
        #expect(await hints.next() == .runs)
        #expect(await hints.next() == .tasks)
        await wakeUps.send(.tasks)
        #expect(await hints.next() == .tasks)
    }

    @Test("every reader hears a hint, and a stream ends with its reader")
    func readers() async {
        let wakeUps = InProcessWakeUps()
        let first = wakeUps.stream()
        let second = wakeUps.stream()
        await wakeUps.send(.runs)
        for stream in [first, second] {
            var hints = stream.makeAsyncIterator()
            #expect(await hints.next() == .runs)
        }
        let reader = Task { for await _ in first {} }
        reader.cancel()
        await reader.value
    }

    @Test("dead messages can be looked at, and depths counted")
    func dead() async throws {
        let queue = InProcessMessageQueue()
        _ = await queue.publish([OutgoingMessage(route: .tasks("shell"), body: [1])])
        #expect(queue.depth(of: .tasks("shell")) == 1)
        let subscription = try await queue.subscribe(to: .tasks("shell"), prefetch: 1)
        #expect(queue.depth(of: .tasks("shell")) == 0)
        var batches = subscription.deliveries.makeAsyncIterator()
        let batch = try #require(await batches.next())
        await subscription.park(batch[0], reason: "why not")
        #expect(queue.deadMessages.map(\.body) == [[1]])
        #expect(queue.deadMessages.map { $0.headers[ParkedMessage.reasonHeader] } == ["why not"])
        queue.close()
        #expect(!queue.isConnected)
        #expect(await queue.publish([OutgoingMessage(route: .status(.success), body: [])]) == [.refused])
        #expect(await batches.next() == nil)
    }

    @Test("a faulty queue loses, lies and repeats as told")
    func faults() async throws {
        let base = InProcessMessageQueue()
        let queue = FaultyQueue(base: base, failsSubscribe: { $0 == 1 }) { number, _ in
            switch number {
            case 1: .lose(.unknown)
            case 2: .misreport(.unknown)
            case 3: .duplicate
            default: nil
            }
        }
        let message = OutgoingMessage(route: .tasks("shell"), body: [])
        let outcomes = await queue.publish([message, message, message, message])
        #expect(outcomes == [.unknown, .unknown, .confirmed, .confirmed])
        #expect(base.depth(of: .tasks("shell")) == 4)
        queue.setAway(true)
        #expect(!queue.isConnected)
        #expect(await queue.publish([message]) == [.refused])
        queue.setAway(false)
        #expect(queue.isConnected)
        #expect(queue.publishedCount == 5)
        await #expect(throws: (any Error).self) { try await queue.subscribe(to: .status, prefetch: 1) }
        await #expect(throws: Never.self) { try await queue.subscribe(to: .status, prefetch: 1) }
    }
}
