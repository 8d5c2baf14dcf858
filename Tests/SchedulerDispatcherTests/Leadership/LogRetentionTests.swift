import Logging
import SchedulerDispatcher
import SchedulerDomain
import SchedulerFoundation
import SchedulerTestingUtils
import Testing

@Suite("Retention of logs")
struct LogRetentionTests {
    @Test("the leader deletes the logs of old runs in steps, until none is left, and leaves the others")
    func deletes() async throws {
        let clock = VirtualClock()
        let store = InMemoryStore(now: { clock.now })
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let old = RunAttempt(run: .next(at: clock.now), attempt: 1)
        let chunks = (1...450).map { number in
            let line = LogLine(number: number, time: clock.now, stream: .stdout, text: "line")
            return LogChunk(attempt: old, tenant: .default, lines: [line])
        }
        try await store.runLogs.append(chunks)
        clock.advance(by: .seconds(3_600))
        let young = RunAttempt(run: .next(at: clock.now), attempt: 1)
        try await store.runLogs.append(
            [LogChunk(attempt: young, tenant: .default, lines: chunks[0].lines)])

        let (steps, deleted) = AsyncStream.makeStream(of: Int.self)
        let elector = LeaderElector(locks: store.locks, owner: "a", logger: logger)
        let retention = LogRetention(
            logs: ToldRunLogs(base: store.runLogs) { deleted.yield($0) }, elector: elector, retention: .seconds(1_800),
            poll: .milliseconds(5), logger: logger)
        await withThrowingTaskGroup { group in
            group.addTask { try await retention.run() }
            group.addTask { try await elector.run() }
            var counts: [Int] = []
            for await count in steps {
                counts.append(count)
                if count == 0 { break }
            }
            #expect(counts == [200, 200, 50, 0])
            group.cancelAll()
        }
        #expect(try await store.runLogs.lines(LogRead(attempt: old, tenant: .default, limit: 10)).isEmpty)
        #expect(try await store.runLogs.lines(LogRead(attempt: young, tenant: .default, limit: 10)).count == 1)
    }
}

/// Logs that tell how many chunks each step deleted.
private struct ToldRunLogs: RunLogRepository {
    let base: any RunLogRepository
    let told: @Sendable (Int) -> Void

    func append(_ chunks: [LogChunk]) async throws { try await base.append(chunks) }
    func lines(_ read: LogRead) async throws -> [LogLine] { try await base.lines(read) }
    func setProgress(_ progress: [RunAttempt: Int]) async throws { try await base.setProgress(progress) }

    func deleteLogs(olderThan age: Duration, limit: Int) async throws -> Int {
        let count = try await base.deleteLogs(olderThan: age, limit: limit)
        told(count)
        return count
    }
}
