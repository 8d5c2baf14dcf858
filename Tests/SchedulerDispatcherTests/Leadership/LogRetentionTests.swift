import Logging
import SchedulerDispatcher
import SchedulerDomain
import SchedulerFoundation
import SchedulerTestingUtils
import Testing

@Suite("Retention of logs")
struct LogRetentionTests {
    @Test("the leader deletes the logs of old runs in steps, leaves the others, and begins anew after a rest")
    func deletes() async throws {
        let clock = VirtualClock()
        let store = InMemoryStore(now: { clock.now })
        let old = try await store.says(450, of: .next(at: clock.now), at: clock.now)
        clock.advance(by: .seconds(3_600))
        let young = try await store.says(1, of: .next(at: clock.now), at: clock.now)
        #expect(try await deleted(in: 4, of: store) == [200, 200, 50, 0])
        #expect(try await store.lines(of: old) == 0)
        #expect(try await store.lines(of: young) == 1)
    }

    @Test("logs of old runs that have started late stay, and those that stand behind them go")
    func passesOver() async throws {
        let clock = VirtualClock()
        let store = InMemoryStore(now: { clock.now })
        let delayed = RunID.next(at: clock.now)
        let old = try await store.says(150, of: .next(at: clock.now), at: clock.now)
        clock.advance(by: .seconds(3_600))
        let late = try await store.says(300, of: delayed, at: clock.now)
        #expect(try await deleted(in: 4, of: store) == [0, 100, 50, 0])
        #expect(try await store.lines(of: old) == 0)
        #expect(try await store.lines(of: late) == 300)
    }

    /// What the first steps of a retention delete, chunk by chunk.
    private func deleted(in steps: Int, of store: InMemoryStore) async throws -> [Int] {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let (counts, told) = AsyncStream.makeStream(of: Int.self)
        let elector = LeaderElector(locks: store.locks, owner: "a", logger: logger)
        let retention = LogRetention(
            logs: ToldRunLogs(base: store.runLogs) { told.yield($0) }, elector: elector, retention: .seconds(1_800),
            poll: .milliseconds(5), logger: logger)
        return await withThrowingTaskGroup { group in
            group.addTask { try await retention.run() }
            group.addTask { try await elector.run() }
            var first: [Int] = []
            for await count in counts {
                first.append(count)
                if first.count == steps { break }
            }
            group.cancelAll()
            return first
        }
    }
}

extension InMemoryStore {
    /// Adds chunks of one line each to the log of a run's first attempt.
    fileprivate func says(_ count: Int, of run: RunID, at time: UTCInstant) async throws -> RunAttempt {
        let attempt = RunAttempt(run: run, attempt: 1)
        try await runLogs.append(
            (1...count).map { number in
                let line = LogLine(number: number, time: time, stream: .stdout, text: "line")
                return LogChunk(attempt: attempt, tenant: .default, lines: [line])
            })
        return attempt
    }

    fileprivate func lines(of attempt: RunAttempt) async throws -> Int {
        try await runLogs.lines(LogRead(attempt: attempt, tenant: .default, limit: 1_000)).count
    }
}

/// Logs that tell how many chunks each step deleted.
private struct ToldRunLogs: RunLogRepository {
    let base: any RunLogRepository
    let told: @Sendable (Int) -> Void

    func append(_ chunks: [LogChunk]) async throws { try await base.append(chunks) }
    func lines(_ read: LogRead) async throws -> [LogLine] { try await base.lines(read) }
    func setProgress(_ progress: [RunAttempt: Int]) async throws { try await base.setProgress(progress) }

    func deleteLogs(olderThan age: Duration, after position: LogPosition, limit: Int) async throws -> LogSweep {
        let sweep = try await base.deleteLogs(olderThan: age, after: position, limit: limit)
        told(sweep.deleted)
        return sweep
    }
}
