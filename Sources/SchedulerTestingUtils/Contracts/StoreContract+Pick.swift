import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    static let pickCases: [ContractCase] = [
        ContractCase("priorities take turns by their weights, and within one the earliest due goes first") { data in
            let task = try await data.task(.fixture(name: "one"))
            let other = try await data.task(.fixture(name: "two"))
            _ = try await data.worker()
            let now = data.clock.now
            let plan: [(TaskDefinition, Priority, Int)] = [
                (task, .low, -50), (task, .normal, -10), (other, .normal, -30), (task, .critical, -1),
                (other, .high, -2), (task, .high, -3), (other, .normal, -20),
            ]
            let new = plan.map { task, priority, offset in
                data.newRun(
                    of: task, overrides: RunOverrides(priority: priority), dueAt: now.advanced(by: .seconds(offset)))
            }
            _ = try await data.store.runs.enqueue([new])
            let picked = try await data.store.runs.pick(limit: 10).runs
            try expectEqual(picked.map(\.attempt.run), [3, 5, 4, 2, 6, 0, 1].map { new[$0].id }, "the order")
            try expectEqual(
                picked.map(\.priority), [.critical, .high, .high, .normal, .normal, .low, .normal], "the priorities")
            try expectEqual(Set(picked.map(\.attempt.attempt)), [1], "the attempts")
            try expectEqual(Set(picked.map(\.taskType)), ["function"], "the types")
            let run = try await data.run(new[0].id)
            try expectEqual(run.status, .dispatched, "the status")
            try expectEqual(run.dispatchedAt, now, "the time of the dispatch")
            try expectEqual(run.attempt, 0, "the attempt of a run that is only dispatched")
        },
        ContractCase("no run is picked before its due time, and the pick says when the next one is") { data in
            let task = try await data.task()
            _ = try await data.worker()
            let soon = data.newRun(of: task, dueAt: data.clock.now.advanced(by: .milliseconds(1_500)))
            let later = data.newRun(of: task, dueAt: data.clock.now.advanced(by: .seconds(60)))
            _ = try await data.store.runs.enqueue([[later, soon]])
            let early = try await data.store.runs.pick(limit: 10)
            try expect(early.runs.isEmpty, "a run is picked early")
            try expectEqual(early.nextDueIn, .milliseconds(1_500), "the wait")
            data.clock.advance(by: .milliseconds(1_500))
            let first = try await data.store.runs.pick(limit: 10)
            try expectEqual(first.runs.map(\.attempt.run), [soon.id], "what is due")
            try expectEqual(first.nextDueIn, .milliseconds(58_500), "the next wait")
            data.clock.advance(by: .seconds(60))
            let last = try await data.store.runs.pick(limit: 10)
            try expectEqual(last.runs.map(\.attempt.run), [later.id], "what is due at last")
            try expectEqual(last.nextDueIn, nil, "the wait where nothing waits")
        },
        ContractCase("a pick takes at most its limit and goes on where it ended") { data in
            let task = try await data.task()
            _ = try await data.worker()
            let runs = try await data.runs(5, of: task)
            var picked: [RunID] = []
            for expected in [2, 2, 1, 0] {
                let part = try await data.store.runs.pick(limit: 2).runs
                try expectEqual(part.count, expected, "the size of the pick")
                picked += part.map(\.attempt.run)
            }
            try expectEqual(picked, runs.map(\.id), "the picked runs")
        },
        ContractCase("no run is picked twice, however many dispatchers pick at once") { data in
            let tasks = [try await data.task(.fixture(name: "one")), try await data.task(.fixture(name: "two"))]
            _ = try await data.worker()
            var all: Set<RunID> = []
            for task in tasks { all.formUnion(try await data.runs(60, of: task).map(\.id)) }
            let picked = try await data.pickConcurrently(dispatchers: 6, limit: 7)
            try expectEqual(picked.count, all.count, "the number of picks")
            try expectEqual(Set(picked), all, "the picked runs")
        },
        ContractCase("runs that were asked for by hand are picked although their task is paused") { data in
            let task = try await data.task()
            _ = try await data.worker()
            let runs = try await data.runs(1, of: task)
            var paused = task
            paused.status = .paused
            _ = try await data.store.tasks.save([TaskEdit(task: paused)], replacing: [task])
            try expectEqual(
                try await data.store.runs.pick(limit: 5).runs.map(\.attempt.run), runs.map(\.id), "the pick")
        },
    ]

    static let limitCases: [ContractCase] = [
        ContractCase("max_concurrent is exact across picks, priorities and attempts under way") { data in
            let task = try await data.task(.fixture(maxConcurrent: 2))
            let worker = try await data.worker()
            _ = try await data.runs(3, of: task, priority: .critical)
            _ = try await data.runs(3, of: task, priority: .low)
            let started = try await data.start(on: worker)
            try expectEqual(started.count, 2, "the first pick")
            try expect(try await data.store.runs.pick(limit: 10).runs.isEmpty, "a pick exceeds the limit")
            _ = try await data.store.runs.settle([data.outcome(.success, of: started[0].attempt, on: worker)])
            let next = try await data.store.runs.pick(limit: 10).runs
            try expectEqual(next.map(\.priority), [.critical], "the pick after one ended")
            try expect(try await data.store.runs.pick(limit: 10).runs.isEmpty, "a dispatched run does not count")
        },
        ContractCase("max_concurrent is exact while many dispatchers pick at once") { data in
            let task = try await data.task(.fixture(maxConcurrent: 5))
            _ = try await data.worker()
            _ = try await data.runs(40, of: task)
            let picked = try await data.pickConcurrently(dispatchers: 6, limit: 3)
            try expectEqual(picked.count, 5, "the number of picks")
        },
        ContractCase("a max_concurrent of 0 is no limit") { data in
            let task = try await data.task(.fixture(maxConcurrent: 0))
            _ = try await data.worker()
            _ = try await data.runs(50, of: task)
            try expectEqual(try await data.store.runs.pick(limit: 100).runs.count, 50, "the pick")
        },
        ContractCase("a task at its limit does not hold up the others, however long its backlog") { data in
            let capped = try await data.task(.fixture(name: "capped", maxConcurrent: 1))
            let free = try await data.task(.fixture(name: "free"))
            _ = try await data.worker()
            let backlog = try await data.runs(600, of: capped)
            let runs = try await data.runs(3, of: free)
            let picked = try await data.store.runs.pick(limit: 4).runs.map(\.attempt.run)
            try expectEqual(picked, [backlog[0].id] + runs.map(\.id), "the pick")
        },
        ContractCase("nothing is picked without a live worker of the type") { data in
            let task = try await data.task()
            _ = try await data.runs(2, of: task)
            try expect(try await data.store.runs.pick(limit: 5).runs.isEmpty, "a pick without a worker")
            _ = try await data.worker("shell")
            try expect(try await data.store.runs.pick(limit: 5).runs.isEmpty, "a pick for a worker of another type")
            let worker = try await data.worker("function")
            try await data.store.workers.leave(worker.id)
            try expect(try await data.store.runs.pick(limit: 5).runs.isEmpty, "a pick for an offline worker")
            let draining = try await data.worker("function")
            let beat = Heartbeat(worker: draining.id, status: .draining, currentTaskCount: 0, held: [])
            _ = try await data.store.workers.beat(beat)
            try expect(try await data.store.runs.pick(limit: 5).runs.isEmpty, "a pick for a draining worker")
            _ = try await data.worker("shell", "function")
            try expectEqual(try await data.store.runs.pick(limit: 5).runs.count, 2, "the pick with a worker")
        },
        ContractCase("dispatched and running runs use up the slots of the workers of their type") { data in
            let task = try await data.task(.fixture(name: "one"))
            let shell = try await data.task(.fixture(name: "two", taskType: "shell"))
            let worker = try await data.worker("function", slots: 3)
            _ = try await data.worker("shell", slots: 2)
            _ = try await data.runs(10, of: task, priority: .critical)
            _ = try await data.runs(10, of: shell)
            let types = try await data.store.runs.pick(limit: 4).runs.map(\.taskType)
            try expectEqual(types, ["function", "function", "function", "shell"], "the first pick")
            let more = try await data.store.runs.pick(limit: 10).runs
            try expectEqual(more.map(\.taskType), ["shell"], "what fits beside dispatched runs")
            let runs = try await data.store.runs.list(TaskRunQuery(task: task.id, status: .dispatched)).items
            let attempts = runs.map { RunAttempt(run: $0.id, attempt: 1) }
            _ = try await data.store.runs.claim(RunClaim(worker: worker.id, take: attempts))
            try expect(try await data.store.runs.pick(limit: 10).runs.isEmpty, "running runs use no slots")
            _ = try await data.store.runs.settle(attempts.prefix(2).map { data.outcome(.success, of: $0, on: worker) })
            try expectEqual(try await data.store.runs.pick(limit: 10).runs.count, 2, "the pick after two ended")
        },
        ContractCase("a worker of two types is not given more than its slots") { data in
            let first = try await data.task(.fixture(name: "one"))
            let second = try await data.task(.fixture(name: "two", taskType: "shell"))
            _ = try await data.worker("function", "shell", slots: 3)
            _ = try await data.runs(5, of: first)
            _ = try await data.runs(5, of: second)
            try expectEqual(try await data.store.runs.pick(limit: 10).runs.count, 3, "the pick")
        },
        ContractCase("a worker of two types and one of a third are filled each for itself") { data in
            let worker = try await data.worker("function", "shell", slots: 4)
            _ = try await data.worker("gpu", slots: 4)
            for type in ["function", "shell", "gpu"] {
                _ = try await data.runs(5, of: try await data.task(.fixture(name: type, taskType: type)))
            }
            let types = try await data.store.runs.pick(limit: 20).runs.map(\.taskType)
            try expectEqual(types.count { $0 == "gpu" }, 4, "runs of the third type")
            try expectEqual(types.count, 8, "the pick")
            try expect(try await data.store.runs.pick(limit: 20).runs.isEmpty, "a pick exceeds the slots")
            try await data.store.workers.leave(worker.id)
            try expect(try await data.store.runs.pick(limit: 20).runs.isEmpty, "a pick after the worker left")
        },
        ContractCase("what is on its way to a worker that went away takes no slot of the others") { data in
            let lost = try await data.worker("gpu", slots: 4)
            _ = try await data.runs(4, of: try await data.task(.fixture(name: "gpu", taskType: "gpu")))
            try expectEqual(try await data.store.runs.pick(limit: 10).runs.count, 4, "the pick for the worker")
            try await data.store.workers.leave(lost.id)
            _ = try await data.worker(slots: 4)
            _ = try await data.runs(5, of: try await data.task())
            try expectEqual(try await data.store.runs.pick(limit: 10).runs.count, 4, "the pick for another")
        },
    ]

    static let deliveryCases: [ContractCase] = [
        ContractCase("undelivered runs return to pending with the same attempt, others stay") { data in
            let task = try await data.task()
            let worker = try await data.worker()
            let runs = try await data.runs(3, of: task)
            let picked = try await data.store.runs.pick(limit: 3).runs.map(\.attempt)
            _ = try await data.store.runs.claim(RunClaim(worker: worker.id, take: [picked[0]]))
            let stale = RunAttempt(run: picked[2].run, attempt: 2)
            let unknown = RunAttempt(run: .next(at: data.clock.now), attempt: 1)
            try await data.store.runs.returnUndelivered([picked[0], picked[1], stale, unknown])
            var states: [TaskRunStatus] = []
            for run in runs { states.append(try await data.run(run.id).status) }
            try expectEqual(states, [.running, .pending, .dispatched], "the states")
            try expectEqual(try await data.run(runs[1].id).dispatchedAt, nil, "the time of the dispatch")
            try expectEqual(try await data.store.runs.pick(limit: 3).runs.map(\.attempt), [picked[1]], "the next pick")
        }
    ]
}

extension TestDataFactory {
    /// Picks with several dispatchers at once until none of them finds anything, and returns what they picked.
    func pickConcurrently(dispatchers: Int, limit: Int) async throws -> [RunID] {
        try await withThrowingTaskGroup(of: [RunID].self) { group in
            for _ in 0..<dispatchers {
                group.addTask {
                    var picked: [RunID] = []
                    while true {
                        let pick = try await store.runs.pick(limit: limit)
                        picked += pick.runs.map(\.attempt.run)
                        if pick.runs.isEmpty && !pick.isContended { return picked }
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }
}
