import SchedulerErrors
import SchedulerFoundation
import SchedulerTestingUtils
import Testing

@Suite("A time limit", .timeLimit(.minutes(1)))
struct WithTimeoutTests {
    private struct Fault: Error {}

    @Test("lets a result through that comes in time")
    func inTime() async throws {
        let clock = VirtualClock()
        #expect(try await withTimeout(.seconds(1), "work", clock: clock) { 7 } == 7)
        #expect(clock.sleeperCount == 0)
    }

    @Test("lets an error through")
    func error() async {
        await #expect(throws: Fault.self) {
            try await withTimeout(.seconds(1), "work", clock: VirtualClock()) { throw Fault() }
        }
    }

    @Test("cancels the operation when the time is over, and names it")
    func over() async throws {
        let clock = VirtualClock()
        let wasCancelled = Shared(false)
        let work = Task {
            try await withTimeout(.seconds(5), "publish", clock: clock) {
                do { try await clock.sleep(for: .seconds(3_600)) } catch {
                    wasCancelled.change { $0 = true }
                    throw error
                }
            }
        }
        try await clock.waitForSleepers(2)
        clock.advance(by: .seconds(5))
        let error = await #expect(throws: SchedulerError.self) { try await work.value }
        #expect(error?.code == .timeout)
        #expect(error?.message == "publish did not end within 5.0 seconds")
        #expect(wasCancelled.value)
    }

    @Test("hands cancellation on")
    func cancelled() async throws {
        let clock = VirtualClock()
        let work = Task {
            try await withTimeout(.seconds(5), "work", clock: clock) { try await clock.sleep(for: .seconds(9)) }
        }
        try await clock.waitForSleepers(2)
        work.cancel()
        await #expect(throws: CancellationError.self) { try await work.value }
        #expect(clock.sleeperCount == 0)
    }

    @Test("A shield carries an operation to its end though its caller is cancelled")
    func shield() async throws {
        let work = Task {
            while !Task.isCancelled { await Task.yield() }
            return await withCancellationShield { Task.isCancelled }
        }
        work.cancel()
        #expect(await work.value == false)
    }
}
