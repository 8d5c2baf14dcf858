import Glibc
import SchedulerErrors
import SchedulerFoundation
import Testing

@Suite("A thread of one's own", .timeLimit(.minutes(1)))
struct OwnThreadTests {
    @Test("the operation and its child tasks stay on the thread after every wait")
    func oneThread() async throws {
        let threads = try await withOwnThread(named: "own") { clock in
            try await withThrowingTaskGroup(of: [pthread_t].self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        let before = pthread_self()
                        try await clock.sleep(for: .milliseconds(1))
                        let between = pthread_self()
                        await Task.yield()
                        return [before, between, pthread_self()]
                    }
                }
                return try await group.reduce(into: Set([pthread_self()])) { $0.formUnion($1) }
            }
        }
        #expect(threads.count == 1)
        #expect(!threads.contains(pthread_self()))
    }

    @Test("who sleeps for a shorter time wakes first, and a cancelled sleep ends at once")
    func sleeping() async throws {
        let order = Shared<[Int]>([])
        await withOwnThread(named: "own") { clock in
            await withTaskGroup(of: Void.self) { group in
                for (number, wait) in [(2, Duration.seconds(86_400)), (1, .milliseconds(1))] {
                    group.addTask {
                        let isCancelled = (try? await clock.sleep(for: wait)) == nil
                        order.change { $0.append(isCancelled ? -number : number) }
                    }
                }
                await group.next()
                group.cancelAll()
            }
        }
        #expect(order.value == [1, -2])
    }

    @Test("a signal with this clock wakes a loop on the thread, and so does its time limit")
    func signal() async {
        let signal = Signal()
        await withOwnThread(named: "own") { clock in
            await signal.wait(atMost: .milliseconds(1), clock: clock)
            signal.set()
            await signal.wait(atMost: .seconds(86_400), clock: clock)
        }
    }

    @Test("an error comes through")
    func error() async {
        let error = await #expect(throws: SchedulerError.self) {
            try await withOwnThread(named: "own") { _ in throw SchedulerError(.conflict, "no") }
        }
        #expect(error?.code == .conflict)
    }
}
