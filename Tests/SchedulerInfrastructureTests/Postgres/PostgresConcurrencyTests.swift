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

    @Test("with several pickers at once the limits of keys and tenants are exact")
    func sharedLimits() async throws {
        try await PostgresTestServer.withDatabase { configuration in
            let stores = (0..<3).map { _ in
                PostgresStore(configuration: configuration, logger: PostgresTestServer.logger)
            }
            let now = try await stores[0].now()
            let worker = WorkerID.fresh(at: now)
            try await stores[0].workers.register(
                WorkerInfo(
                    id: worker, name: "w", hostname: "h", taskTypes: ["x"], maxConcurrentTasks: 100,
                    lastHeartbeat: now, registeredAt: now))
            try await stores[0].tenants.save([Tenant(id: TenantID("limited"), maxConcurrent: 5)])
            let drafts = (0..<4).map { index in
                TaskDraft(
                    tenant: index < 2 ? .default : TenantID("limited"),
                    spec: TaskSpec(
                        name: "task \(index)", taskType: "x", executor: "x", maxConcurrent: index < 2 ? 3 : 0,
                        concurrencyKey: index < 2 ? "shared" : nil))
            }
            let tasks = try await stores[0].tasks.create(drafts)
            let groups = tasks.map { task in
                (0..<40).map { _ in NewRun(id: RunID(at: now), tenant: task.tenant, task: task.id) }
            }
            for result in try await stores[0].runs.enqueue(groups) { #expect(try result.get().count == 40) }

            let tally = Tally(keyed: Set(tasks.prefix(2).map(\.id)), runs: 160)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, store) in stores.enumerated() {
                    group.addTask { try await share(store.runs, worker, tally, byItself: index == 0) }
                    group.addTask { try await share(store.runs, worker, tally, byItself: false) }
                }
                try await group.waitForAll()
            }
            let seen = tally.counts.withLock { $0 }
            #expect(seen.mostOfKey <= 3 && seen.mostOfKey > 0)
            #expect(seen.mostOfTenant <= 5 && seen.mostOfTenant > 0)
            #expect(seen.ended == 160)
            for store in stores { await store.shutdown() }
        }
    }

    /// How many runs are between a committed claim and the settling, and the most that ever were.
    private final class Tally: Sendable {
        struct Counts {
            var key = 0
            var tenant = 0
            var mostOfKey = 0
            var mostOfTenant = 0
            var ended = 0
        }
        let keyed: Set<TaskID>
        let runs: Int
        let counts = Mutex(Counts())

        init(keyed: Set<TaskID>, runs: Int) {
            self.keyed = keyed
            self.runs = runs
        }

        var isDone: Bool { counts.withLock { $0.ended >= runs } }

        func start(_ claimed: [ClaimedRun]) {
            let ofKey = claimed.count { keyed.contains($0.version.task) }
            counts.withLock { counts in
                counts.key += ofKey
                counts.tenant += claimed.count - ofKey
                counts.mostOfKey = max(counts.mostOfKey, counts.key)
                counts.mostOfTenant = max(counts.mostOfTenant, counts.tenant)
            }
        }

        func stop(_ claimed: [ClaimedRun]) {
            let ofKey = claimed.count { keyed.contains($0.version.task) }
            counts.withLock { counts in
                counts.key -= ofKey
                counts.tenant -= claimed.count - ofKey
                counts.ended += claimed.count
            }
        }
    }

    /// One process: takes what the shared limits allow, until all runs have ended.
    private func share(
        _ runs: any TaskRunRepository, _ worker: WorkerID, _ tally: Tally, byItself: Bool
    ) async throws {
        while !tally.isDone {
            let claimed: [ClaimedRun]
            if byItself {
                claimed = try await runs.pickAndClaim(for: worker, taskTypes: ["x"], limit: 3)
            } else {
                let picked = try await runs.pick(limit: 10).runs.map(\.attempt)
                claimed = try await runs.claim(RunClaim(worker: worker, take: picked))
            }
            tally.start(claimed)
            await Task.yield()
            tally.stop(claimed)
            _ = try await runs.settle(
                claimed.map { run in
                    RunOutcome(
                        attempt: run.attempt, worker: worker, ending: .success, startedAt: run.scheduledAt,
                        endedAt: run.scheduledAt)
                })
        }
    }
}
