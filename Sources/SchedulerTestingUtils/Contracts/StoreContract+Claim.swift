import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    static let claimCases: [ContractCase] = [
        ContractCase("a claim starts dispatched attempts and tells what to execute") { data in
            let task = try await data.task()
            let worker = try await data.worker()
            let overrides = RunOverrides(arguments: ["x"])
            let new = NewRun(
                id: .next(at: data.clock.now), task: task.id, overrides: overrides, scheduledAt: data.clock.now,
                traceContext: "trace")
            _ = try await data.store.runs.enqueue([[new]])
            _ = try await data.store.runs.pick(limit: 1)
            data.clock.advance(by: .seconds(1))
            let attempt = RunAttempt(run: new.id, attempt: 1)
            let claimed = try await data.store.runs.claim(RunClaim(worker: worker.id, take: [attempt]))
            let expected = ClaimedRun(
                attempt: attempt, tenant: .default, version: TaskVersionID(task: task.id, version: 1),
                overrides: overrides, scheduledAt: new.scheduledAt ?? data.clock.now, traceContext: "trace")
            try expectEqual(claimed, [expected], "the claimed run")
            let run = try await data.run(new.id)
            try expectEqual(run.status, .running, "the status")
            try expectEqual(run.attempt, 1, "the attempt")
            try expectEqual(run.settledAttempt, 0, "the settled attempt")
            try expectEqual(run.worker, worker.id, "the worker")
            try expectEqual(run.startedAt, data.clock.now, "the start")
        },
        ContractCase("a claim repeated by the same worker is answered again, by another it is not") { data in
            let task = try await data.task()
            let worker = try await data.worker()
            let other = try await data.worker()
            _ = try await data.runs(1, of: task)
            let attempts = try await data.store.runs.pick(limit: 1).runs.map(\.attempt)
            let first = try await data.store.runs.claim(RunClaim(worker: worker.id, take: attempts))
            let again = try await data.store.runs.claim(RunClaim(worker: worker.id, take: attempts))
            try expectEqual(again, first, "the repeated claim")
            let stolen = try await data.store.runs.claim(RunClaim(worker: other.id, take: attempts))
            try expect(stolen.isEmpty, "another worker claims the attempt")
            try expectEqual(try await data.run(attempts[0].run).attempt, 1, "the attempt")
        },
        ContractCase("an attempt is started by exactly one of many workers that claim it at once") { data in
            let task = try await data.task()
            _ = try await data.runs(20, of: task)
            var workers: [WorkerInfo] = []
            for _ in 0..<5 { workers.append(try await data.worker()) }
            let attempts = try await data.store.runs.pick(limit: 20).runs.map(\.attempt)
            let claimed = try await withThrowingTaskGroup(of: [ClaimedRun].self) { group in
                for worker in workers {
                    group.addTask {
                        try await data.store.runs.claim(RunClaim(worker: worker.id, take: attempts))
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            try expectEqual(claimed.count, 20, "the number of claims that succeeded")
            try expectEqual(Set(claimed.map(\.attempt)), Set(attempts), "the claimed attempts")
        },
        ContractCase("only the next attempt of a dispatched run can be claimed") { data in
            let task = try await data.task()
            let worker = try await data.worker()
            let runs = try await data.runs(2, of: task)
            let pending = RunAttempt(run: runs[1].id, attempt: 1)
            _ = try await data.store.runs.pick(limit: 1)
            let wrong = [0, 2].map { RunAttempt(run: runs[0].id, attempt: $0) }
            let unknown = RunAttempt(run: .next(at: data.clock.now), attempt: 1)
            let claimed = try await data.store.runs.claim(
                RunClaim(worker: worker.id, take: wrong + [pending, unknown]))
            try expect(claimed.isEmpty, "an attempt was claimed that was not offered")
            let right = RunAttempt(run: runs[0].id, attempt: 1)
            let started = try await data.store.runs.claim(RunClaim(worker: worker.id, take: [right]))
            _ = try await data.store.runs.settle(started.map { data.outcome(.success, of: $0.attempt, on: worker) })
            let late = try await data.store.runs.claim(RunClaim(worker: worker.id, take: [right]))
            try expect(late.isEmpty, "an ended run was claimed")
        },
        ContractCase("what a worker has no slot for returns to pending in the same call") { data in
            let task = try await data.task()
            let worker = try await data.worker()
            let runs = try await data.runs(3, of: task)
            let offered = try await data.store.runs.pick(limit: 3).runs.map(\.attempt)
            let stale = RunAttempt(run: offered[2].run, attempt: 2)
            let claim = RunClaim(worker: worker.id, take: [offered[0]], giveBack: [offered[1], stale])
            try expectEqual(try await data.store.runs.claim(claim).map(\.attempt), [offered[0]], "what was claimed")
            var states: [TaskRunStatus] = []
            for run in runs { states.append(try await data.run(run.id).status) }
            try expectEqual(states, [.running, .pending, .dispatched], "the states")
            try expectEqual(try await data.store.runs.pick(limit: 3).runs.map(\.attempt), [offered[1]], "the next pick")
        },
        ContractCase("offline and unknown workers claim nothing") { data in
            let task = try await data.task()
            let worker = try await data.worker()
            _ = try await data.runs(2, of: task)
            let offered = try await data.store.runs.pick(limit: 2).runs.map(\.attempt)
            try await data.store.workers.leave(worker.id)
            let claim = RunClaim(worker: worker.id, take: [offered[0]], giveBack: [offered[1]])
            try await expectError(.lockLost, "the claim of an offline worker") {
                _ = try await data.store.runs.claim(claim)
            }
            let stranger = RunClaim(worker: .fresh(at: data.clock.now), take: offered)
            try await expectError(.lockLost, "the claim of an unknown worker") {
                _ = try await data.store.runs.claim(stranger)
            }
            for attempt in offered {
                try expectEqual(try await data.run(attempt.run).status, .dispatched, "the status")
            }
        },
    ]

    static let pickAndClaimCases: [ContractCase] = [
        ContractCase("without a broker a worker picks and claims in one step, within type, limit and max_concurrent") {
            data in
            let capped = try await data.task(.fixture(name: "capped", priority: .high, maxConcurrent: 1))
            let free = try await data.task(.fixture(name: "free"))
            let shell = try await data.task(.fixture(name: "shell", taskType: "shell"))
            let worker = try await data.worker()
            let cappedRuns = try await data.runs(3, of: capped)
            let freeRuns = try await data.runs(3, of: free)
            _ = try await data.runs(3, of: shell, priority: .critical)
            let future = data.newRun(of: free, dueAt: data.clock.now.advanced(by: .seconds(1)))
            _ = try await data.store.runs.enqueue([[future]])
            let first = try await data.store.runs.pickAndClaim(for: worker.id, taskTypes: ["function"], limit: 3)
            try expectEqual(
                first.map(\.attempt),
                [cappedRuns[0].id, freeRuns[0].id, freeRuns[1].id].map { RunAttempt(run: $0, attempt: 1) },
                "the first step")
            let run = try await data.run(freeRuns[0].id)
            try expectEqual(run.status, .running, "the status")
            try expectEqual(run.worker, worker.id, "the worker")
            try expectEqual(run.startedAt, data.clock.now, "the start")
            let second = try await data.store.runs.pickAndClaim(for: worker.id, taskTypes: ["function"], limit: 3)
            try expectEqual(second.map(\.attempt.run), [freeRuns[2].id], "the second step")
        },
        ContractCase("offline and unknown workers pick and claim nothing") { data in
            let task = try await data.task()
            let worker = try await data.worker()
            _ = try await data.runs(1, of: task)
            try await data.store.workers.leave(worker.id)
            for id in [worker.id, .fresh(at: data.clock.now)] {
                try await expectError(.lockLost, "the step of a worker that is not registered") {
                    _ = try await data.store.runs.pickAndClaim(for: id, taskTypes: ["function"], limit: 1)
                }
            }
            try expectEqual(
                try await data.store.runs.list(TaskRunQuery()).items.map(\.status), [.pending], "the states")
        },
    ]
}
