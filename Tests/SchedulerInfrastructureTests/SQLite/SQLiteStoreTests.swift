import Foundation
import GRDB
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerInfrastructure

@Suite("The SQLite store")
struct SQLiteStoreTests {
    private func open(_ folder: URL, clock: VirtualClock = VirtualClock()) throws -> SQLiteStore {
        try SQLiteStore(
            path: folder.appending(path: "scheduler.db").path, clock: { clock.now }, wakeUps: InMemoryWakeUps())
    }

    @Test("keeps everything when the file is closed and opened again")
    func reopens() async throws {
        try await withTemporaryFolder { folder in
            let clock = VirtualClock()
            let first = try open(folder, clock: clock)
            let data = TestDataFactory(store: first, clock: clock)
            let task = try await data.task()
            let runs = try await data.runs(3, of: task)
            try first.close()
            let second = try open(folder, clock: clock)
            #expect(try await second.tasks.find([task.id], tenant: .default).map(\.executionCount) == [3])
            #expect(try await second.runs.list(TaskRunQuery()).items.map(\.id) == runs.map(\.id).reversed())
            try second.close()
        }
    }

    @Test("writes each transaction through to the disk")
    func isDurable() async throws {
        try await withTemporaryFolder { folder in
            let database = try SQLiteDatabase(path: folder.appending(path: "x.db").path, clock: { .epoch })
            let settings = try await database.write("settings") { transaction in
                try ["journal_mode", "synchronous", "foreign_keys"].map { name in
                    try String.fetchOne(transaction.db, sql: "PRAGMA \(name)")
                }
            }
            // 2 is FULL.
            #expect(settings == ["wal", "2", "1"])
            try database.close()
        }
    }

    @Test("names the key and what to do when the file cannot be opened", arguments: ["missing/x.db", ".", "text.db"])
    func reportsTheFile(path: String) async throws {
        try await withTemporaryFolder { folder in
            try Data("this is not a database, it is a text of some length".utf8)
                .write(to: folder.appending(path: "text.db"))
            let error = #expect(throws: SchedulerError.self) {
                try SQLiteStore(
                    path: folder.appending(path: path).path, clock: { .epoch }, wakeUps: InMemoryWakeUps())
            }
            #expect(error?.code == .configuration)
            #expect(error?.message.hasPrefix("DATABASE_URL: ") == true)
        }
    }

    @Test("says that it is busy while another process holds the file, and shows no inner text")
    func reportsBusy() {
        let busy = SchedulerError.sqlite(DatabaseError(resultCode: .SQLITE_BUSY, message: "secret"), during: "pick")
        #expect((busy as? SchedulerError)?.code == .storeUnavailable)
        #expect((busy as? SchedulerError)?.message.contains("secret") == false)
        let taken = SchedulerError.sqlite(
            DatabaseError(resultCode: .SQLITE_CONSTRAINT_UNIQUE, message: "secret"), during: "create")
        #expect((taken as? SchedulerError)?.code == .alreadyExists)
        let bad = SchedulerError.sqlite(
            DatabaseError(resultCode: .SQLITE_CONSTRAINT_CHECK, message: "secret"), during: "settle")
        #expect((bad as? SchedulerError)?.code == .database)
        #expect(SchedulerError.sqlite(CancellationError(), during: "pick") is CancellationError)
    }

    @Test(
        "picks, counts and lists by index, never by a walk through all runs",
        arguments: [
            SQLitePickSQL.nextClass, SQLitePickSQL.heads, SQLitePickSQL.nextLane, SQLitePickSQL.laneHeads,
            SQLitePickSQL.nextDue, SQLitePickSQL.underWay, SQLitePickSQL.holdersOfTask, SQLitePickSQL.holdersOfKey,
            SQLiteTaskRunSQL.findLive, SQLiteTaskRunSQL.findHistory, SQLiteTaskSQL.liveRuns, SQLiteTaskSQL.due,
            SQLiteTaskSQL.nextFire, SQLiteTaskSQL.fires,
            SQLiteTaskRunSQL.selectHistory + " WHERE task_id = ? AND id < ? ORDER BY id DESC LIMIT 10",
            SQLiteWaveSQL.dependents, SQLiteWaveSQL.hasDependents, SQLiteWaveSQL.edges, SQLiteWaveSQL.upstreams,
            SQLiteWaveSQL.arrivalsOfWave, SQLiteWaveSQL.arrivalsOfRun, SQLiteRunLogSQL.sweep,
            SQLiteRunLogSQL.deleteLogs,
        ])
    func usesIndexes(statement: String) async throws {
        try await withTemporaryFolder { folder in
            let database = try SQLiteDatabase(path: folder.appending(path: "x.db").path, clock: { .epoch })
            let plan = try await database.read("plan") { transaction in
                let arguments = StatementArguments(Array(repeating: 0, count: statement.count { $0 == "?" }))
                return try Row.fetchAll(transaction.db, sql: "EXPLAIN QUERY PLAN " + statement, arguments: arguments)
                    .map { $0["detail"] as String }
            }
            // Only the at most 100 rows that an inner query has found by index may be walked through.
            for line in plan where line.hasPrefix("SCAN") && line != "SCAN (subquery-1)" {
                #expect(line.contains("INDEX"), "\(plan)")
            }
            try database.close()
        }
    }

    @Test("reads what a worker holds only where one of its runs is beyond its time")
    func readsHeldLate() async throws {
        try await withTemporaryFolder { folder in
            let clock = VirtualClock()
            let store = try open(folder, clock: clock)
            let data = TestDataFactory(store: store, clock: clock)
            _ = try await data.runs(3, of: try await data.task(.fixture(timeoutSeconds: 3_600)))
            let term = try #require(try await store.locks.acquire("leader", owner: "a", timeToLive: .seconds(99)))
            #expect(try await data.start(on: data.worker()).count == 3)
            // Whoever reads this fails.
            try await DatabaseQueue(path: folder.appending(path: "scheduler.db").path).write {
                try $0.execute(sql: "UPDATE workers SET held = '{'")
            }
            let endForgotten = {
                try await store.recovery.endForgotten(after: .seconds(35), leadingFor: .seconds(90_000), term: term)
            }
            clock.advance(by: .seconds(3_635))
            #expect(try await endForgotten() == Recovery())
            clock.advance(by: .milliseconds(1))
            await #expect(throws: SchedulerError.self) { try await endForgotten() }
            try store.close()
        }
    }

    @Test("takes a batch of 1,000 runs its whole way, call by call")
    func largeBatches() async throws {
        try await withTemporaryFolder { folder in
            let clock = VirtualClock()
            let store = try open(folder, clock: clock)
            let data = TestDataFactory(store: store, clock: clock)
            let task = try await data.task()
            let worker = try await data.worker(slots: 10_000)
            _ = try await data.runs(1_000, of: task)
            let picked = try await store.runs.pick(limit: 1_000).runs.map(\.attempt)
            #expect(picked.count == 1_000)
            let claimed = try await store.runs.claim(RunClaim(worker: worker.id, take: picked))
            #expect(claimed.count == 1_000)
            let settled = try await store.runs.settle(picked.map { data.outcome(.success, of: $0, on: worker) })
            #expect(settled == Array(repeating: .ended(.completed), count: 1_000))
            try store.close()
        }
    }
}
