import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    static let outlookCases: [ContractCase] = [
        ContractCase("an outlook tells which limits hold a run, and by which runs") { data in
            let task = try await data.task(.keyed("one", maxConcurrent: 2))
            let worker = try await data.worker()
            let runs = try await data.runs(3, of: task)
            try expectEqual(try await data.reasons(runs[1]), [.ready], "the reasons before the pick")
            _ = try await data.start(on: worker)
            let holders = runs.prefix(2).map(\.id)
            try expectEqual(
                try await data.reasons(runs[2]),
                [
                    .taskLimit(used: 2, limit: 2, runs: holders),
                    .keyLimit(key: "shared", used: 2, limit: 2, runs: holders),
                ], "the reasons at the limit")
            try await data.store.tenants.save([Tenant(id: .default, maxConcurrent: 2)])
            try expectEqual(
                try await data.reasons(runs[2]).last, .tenantLimit(used: 2, limit: 2), "the reason of the tenant")
        },
        ContractCase("an outlook tells that no worker takes the type, or that all slots are in use") { data in
            let task = try await data.task()
            let runs = try await data.runs(3, of: task)
            try expectEqual(
                try await data.reasons(runs[0]), [.noWorker(type: "function", draining: 0)],
                "the reasons without a worker")
            let draining = try await data.worker("function")
            _ = try await data.store.workers.beat(
                Heartbeat(worker: draining.id, status: .draining, currentTaskCount: 0, held: []))
            try expectEqual(
                try await data.reasons(runs[0]), [.noWorker(type: "function", draining: 1)],
                "the reasons with a draining worker")
            _ = try await data.worker(slots: 1)
            _ = try await data.store.runs.pick(limit: 10)
            try expectEqual(
                try await data.reasons(runs[2]),
                [.noSlot(type: "function", slots: 1), .turn(runs: 1, isAtLeast: false)], "the reasons without a slot")
        },
        ContractCase("an outlook tells until when a run waits, and that its task is paused") { data in
            let task = try await data.task(
                .fixture(retryPolicy: RetryPolicy(delayMilliseconds: 600_000, retryOn: [.system])))
            let worker = try await data.worker()
            let later = data.clock.now.advanced(by: .seconds(60))
            let future = data.newRun(of: task, trigger: .backfill, dueAt: later)
            let failing = data.newRun(of: task)
            _ = try await data.store.runs.enqueue([[future, failing]])
            _ = try await data.set(.paused, task)
            let run = try await data.run(future.id)
            try expectEqual(try await data.reasons(run), [.notDue(until: later), .paused], "the reasons")
            let attempt = try require(await data.start(on: worker).first?.attempt, "the attempt")
            let settled = try await data.store.runs.settle([data.outcome(.failure(.system), of: attempt, on: worker)])
            let retried = try await data.run(failing.id)
            let dueAt = retried.dueAt
            try expectEqual(settled, [.returned(dueAt: dueAt)], "the settlement")
            try expectEqual(
                try await data.reasons(retried), [.backoff(until: dueAt, failures: 1)], "the reasons after a failure")
        },
        ContractCase("an outlook tells whose turn comes first") { data in
            try await data.store.tenants.save([Tenant(id: TenantID("another"))])
            let own = try await data.task(.fixture(name: "one"))
            let foreign = try await data.task(.fixture(name: "two"), tenant: TenantID("another"))
            _ = try await data.worker(slots: 1)
            _ = try await data.runs(3, of: foreign)
            let runs = try await data.runs(2, of: own)
            let urgent = try await data.runs(1, of: own, priority: .critical)
            try expectEqual(try await data.reasons(urgent[0]), [.ready], "the reasons of the first")
            try expectEqual(
                try await data.reasons(runs[1]),
                [.turn(runs: 2, isAtLeast: false), .tenantShare(runs: 2, tenants: 1)], "the reasons of the last")
        },
        ContractCase("an outlook sees past a backlog that is held, however long") { data in
            let capped = try await data.task(.fixture(name: "capped", maxConcurrent: 1))
            let free = try await data.task(.fixture(name: "free"))
            let worker = try await data.worker()
            _ = try await data.runs(600, of: capped)
            _ = try await data.start(on: worker)
            data.clock.advance(by: .seconds(1))
            let runs = try await data.runs(1, of: free)
            try expectEqual(try await data.reasons(runs[0]), [.ready], "the reasons")
        },
        ContractCase("what an explanation calls ready is what the next pick takes, and nothing else") { data in
            let other = TenantID("another")
            try await data.store.tenants.save([Tenant(id: other, maxConcurrent: 2)])
            let capped = try await data.task(.fixture(name: "capped", maxConcurrent: 1))
            let paused = try await data.task(.fixture(name: "paused"), status: .paused)
            let gpu = try await data.task(.fixture(name: "gpu", taskType: "gpu", priority: .critical))
            let free = try await data.task(.fixture(name: "free"))
            let foreign = try await data.task(.fixture(name: "foreign"), tenant: other)
            _ = try await data.worker(slots: 9)
            _ = try await data.worker("gpu", slots: 2)
            let backlog = try await data.runs(600, of: capped)
            data.clock.advance(by: .seconds(1))
            var runs = [backlog[0], backlog[1], backlog[599]]
            for task in [paused, gpu, free, foreign] { runs += try await data.runs(4, of: task) }
            runs += try await data.runs(4, of: free, priority: .low)
            runs += try await data.runs(1, of: paused, trigger: .scheduled)
            var ready: Set<RunID> = []
            for run in runs where try await data.reasons(run) == [.ready] { ready.insert(run.id) }
            let picked = Set(try await data.store.runs.pick(limit: 500).runs.map(\.attempt.run))
            try expectEqual(picked, ready, "the pick")
            try expectEqual(picked.count, 11, "the number of picks")
        },
        ContractCase("an outlook follows a run to its end; of an unknown run there is none") { data in
            let task = try await data.task()
            let worker = try await data.worker()
            let runs = try await data.runs(1, of: task)
            let now = data.clock.now
            let picked = try await data.store.runs.pick(limit: 1).runs.map(\.attempt)
            try expectEqual(
                try await data.reasons(runs[0]), [.dispatched(since: now, until: now.advanced(by: .seconds(15)))],
                "the reasons once it is dispatched")
            _ = try await data.store.runs.claim(RunClaim(worker: worker.id, take: picked))
            try expectEqual(
                try await data.reasons(runs[0]),
                [.running(on: worker.id, since: now, attempt: 1, cancelRequestedAt: nil)], "the reasons while it runs")
            _ = try await data.store.runs.settle([data.outcome(.success, of: picked[0], on: worker)])
            try expectEqual(
                try await data.reasons(runs[0]), [.ended(.completed, at: now, message: nil)], "the reasons at its end")
            let outlook = try await data.store.runs.outlook(of: runs[0].id, tenant: .default)
            try expectEqual(outlook?.snapshot, PickSnapshot(now: now), "what is read for a run that has ended")
            try expectEqual(
                try await data.store.runs.outlook(of: .next(at: now), tenant: .default), nil, "an unknown run")
            try expectEqual(
                try await data.store.runs.outlook(of: runs[0].id, tenant: TenantID("other")), nil,
                "another tenant's run")
        },
    ]
}

extension TestDataFactory {
    /// Why the run is where it is.
    func reasons(_ run: TaskRun) async throws -> [RunExplanation.Reason] {
        RunExplanation(
            try require(await store.runs.outlook(of: run.id, tenant: run.tenant), "the outlook of run \(run.id)")
        ).reasons
    }
}
