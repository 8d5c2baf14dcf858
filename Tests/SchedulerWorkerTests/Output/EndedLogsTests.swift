import SchedulerDomain
import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("Logs of ended attempts")
struct EndedLogsTests {
    private let attempts = (0..<6).map { _ in RunAttempt(run: .next(at: VirtualClock.start), attempt: 1) }

    @Test("the oldest are given up where all take too much, the latest never")
    func boundsBytes() {
        var logs = EndedLogs(byteLimit: 10, countLimit: 100)
        #expect(logs.add(attempts[0], bytes: 4).isEmpty)
        #expect(logs.add(attempts[1], bytes: 6).isEmpty)
        #expect(logs.add(attempts[2], bytes: 1) == [attempts[0]])
        #expect(logs.add(attempts[3], bytes: 99) == [attempts[1], attempts[2]])
        #expect(logs.add(attempts[4], bytes: 1) == [attempts[3]])
        #expect(logs.add(attempts[5], bytes: 9).isEmpty)
    }

    @Test("the oldest are given up where they are too many")
    func boundsCount() {
        var logs = EndedLogs(byteLimit: 10, countLimit: 2)
        #expect(
            attempts.map { logs.add($0, bytes: 0) } == [
                [], [], [attempts[0]], [attempts[1]], [attempts[2]], [attempts[3]],
            ])
    }

    @Test("what the store has does not count, in whatever order it got it")
    func forgets() {
        var logs = EndedLogs(byteLimit: 10, countLimit: 3)
        for attempt in attempts.prefix(3) { #expect(logs.add(attempt, bytes: 3).isEmpty) }
        logs.remove(attempts[1])
        logs.remove(attempts[1])
        logs.remove(attempts[0])
        #expect(logs.add(attempts[3], bytes: 3).isEmpty)
        #expect(logs.add(attempts[4], bytes: 4).isEmpty)
        #expect(logs.add(attempts[5], bytes: 1) == [attempts[2]])
    }
}
