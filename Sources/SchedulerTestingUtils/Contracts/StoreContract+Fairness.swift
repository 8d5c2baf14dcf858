import SchedulerDomain

extension StoreContract {
    static let fairnessCases: [ContractCase] = [
        ContractCase("where all priorities wait, single picks are shared 8 : 4 : 2 : 1") { data in
            let task = try await data.task()
            let worker = try await data.worker(slots: 1)
            for priority in Priority.allCases { _ = try await data.runs(40, of: task, priority: priority) }
            let served = try await data.serve(45, on: worker).map(\.priority)
            try expectEqual(
                Priority.allCases.map { priority in served.count { $0 == priority } }, [3, 6, 12, 24], "the shares")
        },
        ContractCase("a low run waits for at most 17 picks under endless load of the others") { data in
            let task = try await data.task()
            let worker = try await data.worker(slots: 1)
            for priority in [Priority.normal, .high, .critical] {
                _ = try await data.runs(20, of: task, priority: priority)
            }
            _ = try await data.serve(10, on: worker)
            let low = try await data.runs(1, of: task, priority: .low)
            let served = try await data.serve(18, on: worker).map(\.attempt.run)
            try expect(served.contains(low[0].id), "the low run was not picked")
        },
        ContractCase("a priority that may not start leaves its share to the others") { data in
            let capped = try await data.task(.fixture(name: "capped", maxConcurrent: 1))
            let free = try await data.task(.fixture(name: "free"))
            let worker = try await data.worker(slots: 2)
            _ = try await data.runs(10, of: capped, priority: .critical)
            _ = try await data.runs(20, of: free, priority: .normal)
            _ = try await data.runs(20, of: free, priority: .low)
            try expectEqual(try await data.start(on: worker, limit: 1).count, 1, "the critical run under way")
            let served = try await data.serve(9, on: worker).map(\.priority)
            try expectEqual(served.count { $0 == .normal }, 6, "the share of normal")
            try expectEqual(served.count { $0 == .low }, 3, "the share of low")
        },
        ContractCase("a run rises by one priority for each five minutes that it has been due") { data in
            let task = try await data.task()
            let worker = try await data.worker(slots: 1)
            let now = data.clock.now
            func run(_ priority: Priority, _ minutes: Int) -> NewRun {
                data.newRun(
                    of: task, overrides: RunOverrides(priority: priority),
                    dueAt: now.advanced(by: .seconds(-60 * minutes)))
            }
            let fresh = (0..<4).map { _ in run(.critical, 0) }
            let old = run(.low, 15)
            let young = run(.low, 4)
            _ = try await data.store.runs.enqueue([fresh + [old, young]])
            let served = try await data.serve(6, on: worker).map(\.attempt.run)
            try expectEqual(served.first, old.id, "the first")
            try expectEqual(served.last, young.id, "the last")
        },
        ContractCase("tenants take turns: ten runs are through within twenty picks, however many another has") { data in
            try await data.store.tenants.save([Tenant(id: TenantID("other"))])
            let crowd = try await data.task(.fixture(name: "crowd"))
            let few = try await data.task(.fixture(name: "few"), tenant: TenantID("other"))
            _ = try await data.worker()
            _ = try await data.runs(700, of: crowd)
            data.clock.advance(by: .seconds(1))
            let expected = Set(try await data.runs(10, of: few).map(\.id))
            var picked: [RunID] = []
            while picked.count < 20 { picked += try await data.store.runs.pick(limit: 1).runs.map(\.attempt.run) }
            try expect(Set(picked).isSuperset(of: expected), "the few runs were not picked")
        },
        ContractCase("a type that nobody takes hides no other, however many of its runs wait") { data in
            let idle = try await data.task(.fixture(name: "idle", taskType: "gpu"))
            let free = try await data.task(.fixture(name: "free", priority: .low))
            _ = try await data.worker()
            _ = try await data.runs(600, of: idle, priority: .critical)
            let runs = try await data.runs(2, of: free)
            let pick = try await data.store.runs.pick(limit: 10)
            try expectEqual(pick.runs.map(\.attempt.run), runs.map(\.id), "the pick")
            try expect(!pick.isPartial, "the pick asks for another at once")
        },
        ContractCase("a held backlog hides no lane, also where there are more lanes than a pass looks at") { data in
            let capped = try await data.task(.fixture(name: "capped", maxConcurrent: 1))
            let drafts = (0..<1_100).map { TaskDraft(spec: .fixture(name: "task \($0)")) }
            let tasks = try await data.store.tasks.create(drafts)
            _ = try await data.worker(slots: 5_000)
            let backlog = try await data.runs(600, of: capped)
            data.clock.advance(by: .seconds(1))
            let new = tasks.map { data.newRun(of: $0) }
            _ = try await data.store.runs.enqueue([new])
            var picked: [RunID] = []
            var passes = 0
            while passes < 20 {
                passes += 1
                let pick = try await data.store.runs.pick(limit: 500)
                picked += pick.runs.map(\.attempt.run)
                if !pick.isPartial { break }
            }
            try expect(Set(picked) == Set([backlog[0].id] + new.map(\.id)), "\(picked.count) runs are picked")
            try expectEqual(picked.count, 1_101, "the number of picks")
        },
    ]

    static let sharedLimitCases: [ContractCase] = [
        ContractCase("runs with one concurrency_key share a limit, of whichever task of the tenant") { data in
            try await data.store.tenants.save([Tenant(id: TenantID("other"))])
            let first = try await data.task(.keyed("one", maxConcurrent: 2))
            let second = try await data.task(.keyed("two", maxConcurrent: 2))
            let foreign = try await data.task(.keyed("three", maxConcurrent: 2), tenant: TenantID("other"))
            let worker = try await data.worker()
            for task in [first, second, foreign] { _ = try await data.runs(4, of: task) }
            let started = try await data.start(on: worker)
            try expectEqual(started.count { $0.tenant == .default }, 2, "runs with the key")
            try expectEqual(started.count { $0.tenant != .default }, 2, "runs with the other tenant's key")
            try expect(try await data.store.runs.pick(limit: 10).runs.isEmpty, "a pick exceeds the limit")
            guard let own = started.first(where: { $0.tenant == .default }) else { return }
            _ = try await data.store.runs.settle([data.outcome(.success, of: own.attempt, on: worker)])
            try expectEqual(try await data.store.runs.pick(limit: 10).runs.count, 1, "the pick after one ended")
        },
        ContractCase("a tenant has at most max_concurrent runs under way") { data in
            let limited = TenantID("limited")
            try await data.store.tenants.save([Tenant(id: limited, maxConcurrent: 3)])
            let own = try await data.task(.fixture(name: "one"), tenant: limited)
            let other = try await data.task(.fixture(name: "two"))
            _ = try await data.worker()
            _ = try await data.runs(5, of: own)
            _ = try await data.runs(5, of: other)
            try expectEqual(try await data.store.runs.pick(limit: 20).runs.count, 8, "the pick")
            try await data.store.tenants.save([Tenant(id: limited, maxConcurrent: 4)])
            try expectEqual(try await data.store.runs.pick(limit: 20).runs.count, 1, "the pick after the limit rose")
            try expectEqual(
                try await data.store.tenants.find([limited, TenantID("unknown")]),
                [Tenant(id: limited, maxConcurrent: 4)], "the tenant")
        },
        ContractCase("what waits of a paused task is held until it is resumed, and hides nothing") { data in
            let task = try await data.task(.fixture(name: "one"))
            let other = try await data.task(.fixture(name: "two"))
            _ = try await data.worker()
            let held = try await data.runs(600, of: task, trigger: .backfill)
            data.clock.advance(by: .seconds(1))
            let byHand = try await data.runs(1, of: task, trigger: .manual)
            let free = try await data.runs(1, of: other, trigger: .scheduled)
            let paused = try await data.set(.paused, task)
            let first = try await data.store.runs.pick(limit: 10).runs.map(\.attempt.run)
            try expectEqual(Set(first), [byHand[0].id, free[0].id], "the pick while it is paused")
            _ = try await data.set(.active, paused)
            let second = try await data.store.runs.pick(limit: 10).runs.map(\.attempt.run)
            try expectEqual(second, held.prefix(10).map(\.id), "the pick after it was resumed")
        },
        ContractCase("a run whose worker is lost blocks its limits no longer than until it is taken back") { data in
            let task = try await data.task(.keyed("one", maxConcurrent: 1))
            let lost = try await data.worker()
            let runs = try await data.runs(2, of: task)
            _ = try await data.start(on: lost)
            let worker = try await data.worker()
            try expect(try await data.store.runs.pick(limit: 10).runs.isEmpty, "a pick beside the running one")
            _ = try await data.lose(lost)
            let again = try await data.start(on: worker)
            try expectEqual(again.map(\.attempt), [RunAttempt(run: runs[0].id, attempt: 2)], "the pick")
        },
    ]
}

extension TaskSpec {
    /// A task whose runs share the key `shared`.
    static func keyed(_ name: String, maxConcurrent: Int) -> TaskSpec {
        var spec = TaskSpec.fixture(name: name, maxConcurrent: maxConcurrent)
        spec.concurrencyKey = "shared"
        return spec
    }
}

extension TestDataFactory {
    /// Picks, starts and completes runs one by one, and returns them in that order.
    func serve(_ count: Int, on worker: WorkerInfo) async throws -> [PickedRun] {
        var served: [PickedRun] = []
        for _ in 0..<count {
            let picked = try await store.runs.pick(limit: 1).runs
            _ = try await store.runs.claim(RunClaim(worker: worker.id, take: picked.map(\.attempt)))
            _ = try await store.runs.settle(picked.map { outcome(.success, of: $0.attempt, on: worker) })
            served += picked
        }
        return served
    }

    /// Changes the status of a task.
    func set(_ status: TaskStatus, _ task: TaskDefinition) async throws -> TaskDefinition {
        var changed = task
        changed.status = status
        return try require(
            await store.tasks.save([TaskEdit(task: changed)], replacing: [task]).first, "the changed task")
    }
}
