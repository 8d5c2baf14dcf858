import SchedulerDomain
import SchedulerErrors
import Synchronization
import Testing

@testable import SchedulerInfrastructure

@Suite(
    "Many processes on one PostgreSQL", .enabled(if: PostgresTestServer.isAvailable, "needs PostgreSQL"),
    .timeLimit(.minutes(2)))
struct PostgresConcurrencyTests {
    /// What the drivers have seen; counts between a committed claim and the settling of its run.
    private final class Book: Sendable {
        struct Page {
            var started: [RunAttempt: Int] = [:]
            var running: [TaskID: Int] = [:]
            var most: [TaskID: Int] = [:]
            var settled = 0
        }
        let page = Mutex(Page())
    }

    @Test("with several pickers, claimers and settlers each run starts once, ends once, and the limits hold")
    func exact() async throws {
        try await PostgresTestServer.withDatabase { configuration in
            let stores = (0..<2).map { _ in
                PostgresStore(configuration: configuration, logger: PostgresTestServer.logger)
            }
            let book = Book()
            let now = try await stores[0].now()
            let workers = (0..<3).map { _ in WorkerID.fresh(at: now) }
            for worker in workers {
                try await stores[0].workers.register(
                    WorkerInfo(
                        id: worker, name: "w", hostname: "h", taskTypes: ["x"], maxConcurrentTasks: 20,
                        lastHeartbeat: now,
                        registeredAt: now))
            }
            let limits = [("narrow", 2), ("wide", 0), ("single", 1)]
            let tasks = try await stores[0].tasks.create(
                limits.map { name, limit in
                    TaskDraft(spec: TaskSpec(name: name, taskType: "x", executor: "x", maxConcurrent: limit))
                })
            let groups = tasks.map { task in (0..<60).map { _ in NewRun(id: RunID(at: now), task: task.id) } }
            for result in try await stores[0].runs.enqueue(groups) { #expect(try result.get().count == 60) }

            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, worker) in workers.enumerated() {
                    for store in stores {
                        group.addTask { try await drive(store.runs, worker, book, until: 180, byItself: index == 0) }
                    }
                }
                try await group.waitForAll()
            }

            let page = book.page.withLock { $0 }
            #expect(page.started.count == 180 && page.started.values.allSatisfy { $0 == 1 })
            #expect(page.most[tasks[0].id] ?? 0 <= 2)
            #expect(page.most[tasks[2].id] ?? 0 <= 1)
            let ended = try await stores[0].runs.list(TaskRunQuery(status: .completed, limit: 500))
            #expect(ended.items.count == 180)
            for store in stores { await store.shutdown() }
        }
    }

    /// One process: picks and claims until all runs have ended.
    private func drive(
        _ runs: any TaskRunRepository, _ worker: WorkerID, _ book: Book, until total: Int, byItself: Bool
    ) async throws {
        while book.page.withLock({ $0.settled }) < total {
            let claimed: [ClaimedRun]
            if byItself {
                claimed = try await runs.pickAndClaim(for: worker, taskTypes: ["x"], limit: 3)
            } else {
                let picked = try await runs.pick(limit: 10).runs.map(\.attempt)
                claimed = try await runs.claim(
                    RunClaim(
                        worker: worker, take: Array(picked.prefix(5)), giveBack: Array(picked.dropFirst(5))))
            }
            book.page.withLock { page in
                for run in claimed {
                    page.started[run.attempt, default: 0] += 1
                    page.running[run.version.task, default: 0] += 1
                    page.most[run.version.task] = max(
                        page.most[run.version.task] ?? 0, page.running[run.version.task] ?? 0)
                }
            }
            await Task.yield()
            book.page.withLock { page in
                for run in claimed { page.running[run.version.task, default: 0] -= 1 }
            }
            let settled = try await runs.settle(
                claimed.map { run in
                    RunOutcome(
                        attempt: run.attempt, worker: worker, ending: .success, startedAt: run.scheduledAt,
                        endedAt: run.scheduledAt)
                })
            book.page.withLock { page in page.settled += settled.count { $0 == .ended(.completed) } }
        }
    }
}
