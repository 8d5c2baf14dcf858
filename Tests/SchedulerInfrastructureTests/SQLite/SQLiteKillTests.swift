import Foundation
import Glibc
import GRDB
import SchedulerDomain
import SchedulerTestingUtils
import Testing

@testable import SchedulerInfrastructure

/// A child process writes to the file as fast as it can and is killed by SIGKILL in the middle. (This proves what a
/// kill of the process does; a loss of power also needs `synchronous = FULL`, which another test reads.)
@Suite("The SQLite store after kill -9")
struct SQLiteKillTests {
    @Test("has every group that was answered, no half of any, and brings back what was under way")
    func survives() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "scheduler.db").path
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
                try await KilledWriter(path: path).writeUntilKilled()
            }
            let answered = try String(contentsOfFile: path + ".answered", encoding: .utf8).split(separator: "\n").count
            #expect(answered > 0)

            let clock = VirtualClock()
            let store = try SQLiteStore(path: path, clock: { clock.now }, wakeUps: InMemoryWakeUps())
            let task = try #require(try await store.tasks.list(TaskQuery()).items.first)
            let groups = Int(task.executionCount) / KilledWriter.groupSize
            #expect(Int(task.executionCount) % KilledWriter.groupSize == 0)
            #expect(groups >= answered)
            #expect(groups <= answered + 1)

            let recovery = try await store.recoverAfterRestart()
            #expect(recovery.workersLost.count == 1)
            var states: [TaskRunStatus: Int] = [:]
            var query = TaskRunQuery(limit: 500)
            var page = try await store.runs.list(query)
            while true {
                for run in page.items { states[run.status, default: 0] += 1 }
                guard page.hasMore else { break }
                query.before = page.items.last?.id
                page = try await store.runs.list(query)
            }
            #expect(states == [.pending: Int(task.executionCount)])
            try store.close()

            let check = try await DatabaseQueue(path: path).read { try String.fetchOne($0, sql: "PRAGMA integrity_check") }
            #expect(check == "ok")
        }
    }
}

/// What the child process does.
private struct KilledWriter {
    static let groupSize = 7
    let path: String

    /// Enqueues, picks and claims, and notes each answered group, until the process kills itself from another thread.
    func writeUntilKilled() async throws {
        let clock = VirtualClock()
        let store = try SQLiteStore(path: path, clock: { clock.now }, wakeUps: InMemoryWakeUps())
        let data = TestDataFactory(store: store, clock: clock)
        let task = try await data.task()
        let worker = try await data.worker(slots: 1_000_000)
        let answered = open(path + ".answered", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        guard answered >= 0 else { throw CocoaError(.fileWriteUnknown) }
        Thread.detachNewThread {
            usleep(300_000)
            kill(getpid(), SIGKILL)
        }
        while true {
            _ = try await data.runs(Self.groupSize, of: task)
            // The line goes to the kernel at once, so it outlives this process, as the answer to a caller would.
            write(answered, "x\n", 2)
            _ = try await data.start(on: worker, limit: 3)
        }
    }
}
