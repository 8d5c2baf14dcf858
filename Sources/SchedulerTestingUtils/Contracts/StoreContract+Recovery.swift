import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    static let recoveryCases: [ContractCase] = [
        ContractCase("a silent worker goes offline and its runs return to pending, a crash each") { data in
            let (_, worker, attempt) = try await data.started()
            let other = try await data.worker()
            let term = try await data.term()
            data.clock.advance(by: .seconds(30))
            let silent = try await data.sequence(of: worker)
            let recovery = try await data.store.recovery.recover(silent: silent, term: term)
            try expectEqual(recovery, Recovery(workersLost: [worker.id], returned: [attempt]), "the recovery")
            let run = try await data.run(attempt.run)
            try expectEqual(run.status, .pending, "the status")
            try expectEqual(run.dueAt, data.clock.now, "the due time")
            try expectEqual(
                [run.attempt, run.settledAttempt, run.crashes, run.failures], [1, 0, 1, 0], "the counters")
            let records = try await data.store.runs.attempts(of: run.id)
            try expectEqual(records.map(\.ending), [.crash], "the records")
            try expectEqual(records.map(\.worker), [worker.id], "the worker of the record")
            try expectEqual(try await data.store.recovery.heartbeats().keys.sorted(), [other.id], "who is alive")
            let next = try await data.start(on: other).map(\.attempt)
            try expectEqual(next, [RunAttempt(run: run.id, attempt: 2)], "the next attempt")
        },
        ContractCase("a worker that beat since it was looked at is not silent") { data in
            let (_, worker, attempt) = try await data.started()
            let silent = try await data.sequence(of: worker)
            let beat = Heartbeat(worker: worker.id, status: .online, currentTaskCount: 1, held: [attempt])
            _ = try await data.store.workers.beat(beat)
            let term = try await data.term()
            let recovery = try await data.store.recovery.recover(silent: silent, term: term)
            try expectEqual(recovery, Recovery(), "the recovery")
            try expectEqual(try await data.run(attempt.run).status, .running, "the status")
            let unknown: [WorkerID: Int64] = [.fresh(at: data.clock.now): 0]
            let none = try await data.store.recovery.recover(silent: unknown, term: term)
            try expectEqual(none, Recovery(), "the recovery of an unknown worker")
        },
        ContractCase("each pass also takes back what a worker that left still runs") { data in
            let (_, worker, attempt) = try await data.started()
            try await data.store.workers.leave(worker.id)
            let recovery = try await data.store.recovery.recover(silent: [:], term: try await data.term())
            try expectEqual(recovery, Recovery(returned: [attempt]), "the recovery")
        },
        ContractCase("a deposed leader changes nothing") { data in
            let (_, worker, attempt) = try await data.started()
            _ = try await data.runs(1, of: try await data.task(.fixture(name: "waiting")))
            let dispatched = try await data.store.runs.pick(limit: 1).runs
            let old = try await data.term()
            data.clock.advance(by: .seconds(60))
            _ = try await data.store.locks.acquire("leader", owner: "successor", timeToLive: .seconds(10))
            let silent = try await data.sequence(of: worker)
            try await expectError(.lockLost, "the recovery of a deposed leader") {
                _ = try await data.store.recovery.recover(silent: silent, term: old)
            }
            try await expectError(.lockLost, "the sweep of a deposed leader") {
                _ = try await data.store.recovery.returnUnclaimed(olderThan: .seconds(1), term: old)
            }
            try expectEqual(try await data.run(attempt.run).status, .running, "the running run")
            try expectEqual(try await data.run(dispatched[0].attempt.run).status, .dispatched, "the dispatched run")
            try expectEqual(try await data.sequence(of: worker), silent, "the worker")
            let never = LockLease(key: "never", owner: "x", token: 1)
            try await expectError(.lockLost, "the recovery under a lock that does not exist") {
                _ = try await data.store.recovery.recover(silent: [:], term: never)
            }
        },
        ContractCase("the third crash ends the run as failed") { data in
            let task = try await data.task(.fixture(retryPolicy: RetryPolicy(maxRetries: 100)))
            let run = try await data.runs(1, of: task)[0]
            let term = try await data.term()
            for crash in 1...3 {
                let worker = try await data.worker()
                let attempt = RunAttempt(run: run.id, attempt: crash)
                try await data.say(["line 1 of \(crash)", "line 2 of \(crash)"], by: attempt)
                try expectEqual(try await data.start(on: worker).map(\.attempt), [attempt], "attempt \(crash)")
                let recovery = try await data.store.recovery.recover(silent: data.sequence(of: worker), term: term)
                try expectEqual(crash < 3 ? recovery.returned : recovery.ended, [attempt], "recovery \(crash)")
            }
            let ended = try await data.run(run.id)
            try expectEqual(ended.status, .failed, "the status")
            try expectEqual(ended.crashes, 3, "the crashes")
            try expectEqual(ended.errorType, .system, "the type of error")
            try expectEqual(ended.completedAt, data.clock.now, "the end")
            try expect(
                ended.errorMessage?.contains("QUARANTINED") == true, "the message is \(ended.errorMessage ?? "nil")")
            try expectEqual(
                ended.errorMessage?.split(separator: "\n").suffix(2), ["line 1 of 3", "line 2 of 3"], "the last lines")
            try expectEqual(
                try await data.store.runs.attempts(of: run.id).map(\.ending), [.crash, .crash, .crash], "the records")
        },
        ContractCase("unclaimed runs return to pending after their time, with the same attempt") { data in
            let task = try await data.task()
            let worker = try await data.worker()
            let runs = try await data.runs(3, of: task)
            let term = try await data.term()
            _ = try await data.start(on: worker, limit: 1)
            _ = try await data.store.runs.pick(limit: 1)
            data.clock.advance(by: .seconds(10))
            _ = try await data.store.runs.pick(limit: 1)
            data.clock.advance(by: .seconds(6))
            let count = try await data.store.recovery.returnUnclaimed(olderThan: .seconds(15), term: term)
            try expectEqual(count, 1, "how many returned")
            var states: [TaskRunStatus] = []
            for run in runs { states.append(try await data.run(run.id).status) }
            try expectEqual(states, [.running, .pending, .dispatched], "the states")
            let again = try await data.store.runs.pick(limit: 5).runs.map(\.attempt)
            try expectEqual(again, [RunAttempt(run: runs[1].id, attempt: 1)], "the next pick")
            let late = RunClaim(worker: worker.id, take: again)
            try expectEqual(try await data.store.runs.claim(late).count, 1, "the claim of the new offer")
        },
        ContractCase("one pass takes at most 500 runs and says that more wait") { data in
            let task = try await data.task()
            let worker = try await data.worker(slots: 600)
            _ = try await data.runs(510, of: task)
            let started = try await data.start(on: worker, limit: 510)
            try expectEqual(started.count, 510, "what was started")
            try await data.store.workers.leave(worker.id)
            let term = try await data.term()
            let first = try await data.store.recovery.recover(silent: [:], term: term)
            try expectEqual(first.returned.count, 500, "the first pass")
            try expect(first.isPartial, "the first pass says that it took all")
            let second = try await data.store.recovery.recover(silent: [:], term: term)
            try expectEqual(second.returned.count, 10, "the second pass")
            try expect(!second.isPartial, "the second pass says that more wait")
        },
    ]

    static let lateCases: [ContractCase] = [
        ContractCase("a success that waited while recovery took its run back still counts and takes back the crash") {
            data in
            let (_, worker, attempt) = try await data.started()
            _ = try await data.lose(worker)
            try expectEqual(try await data.store.runs.unsettled(among: [attempt]), [attempt], "what is unsettled")
            let settled = try await data.store.runs.settle([data.outcome(.success, of: attempt, on: worker)])
            try expectEqual(settled, [.ended(.completed)], "the settlement")
            let run = try await data.run(attempt.run)
            try expectEqual(run.crashes, 0, "the crashes")
            try expect(try await data.store.runs.attempts(of: run.id).isEmpty, "the crash is still recorded")
        },
        ContractCase("a late failure replaces the crash of its attempt, also once the run is dispatched anew") { data in
            let (_, worker, attempt) = try await data.started(RetryPolicy(maxRetries: 3, delayMilliseconds: 0))
            _ = try await data.lose(worker)
            let other = try await data.worker()
            let offered = try await data.store.runs.pick(limit: 1).runs.map(\.attempt)
            let late = data.outcome(.failure(.system), of: attempt, on: worker)
            let settled = try await data.store.runs.settle([late])
            try expectEqual(settled, [.returned(dueAt: data.clock.now)], "the settlement")
            let run = try await data.run(attempt.run)
            try expectEqual([run.crashes, run.failures, run.settledAttempt], [0, 1, 1], "the counters")
            try expectEqual(try await data.store.runs.attempts(of: run.id).map(\.ending), [.failure], "the records")
            let void = try await data.store.runs.claim(RunClaim(worker: other.id, take: offered))
            try expect(void.isEmpty, "the offer made before the late outcome is still claimed")
            try expectEqual(try await data.start(on: other).map(\.attempt), offered, "the offer made anew")
        },
        ContractCase("once the next attempt was claimed, the lost one's outcome is refused as late") { data in
            let (_, worker, attempt) = try await data.started()
            _ = try await data.lose(worker)
            let other = try await data.worker()
            _ = try await data.start(on: other)
            let settled = try await data.store.runs.settle([data.outcome(.success, of: attempt, on: worker)])
            try expectEqual(settled, [.late], "the settlement")
            let run = try await data.run(attempt.run)
            try expectEqual(run.status, .running, "the status")
            try expectEqual(run.crashes, 1, "the crashes")
        },
    ]

    static let restartCases: [ContractCase] = [
        ContractCase("a store of one process brings everything back that was under way when the process ended") {
            data in
            guard let restart = data.store as? any RestartRecovery else { return }
            let task = try await data.task()
            let worker = try await data.worker(slots: 3)
            let runs = try await data.runs(4, of: task)
            let started = try await data.start(on: worker, limit: 2)
            _ = try await data.store.runs.settle([data.outcome(.success, of: started[1].attempt, on: worker)])
            _ = try await data.store.runs.pick(limit: 1)
            let recovery = try await restart.recoverAfterRestart()
            try expectEqual(
                recovery, Recovery(workersLost: [worker.id], returned: [started[0].attempt]), "the recovery")
            var states: [TaskRunStatus] = []
            for run in runs { states.append(try await data.run(run.id).status) }
            try expectEqual(states, [.pending, .completed, .pending, .pending], "the states")
            try expectEqual(try await data.run(runs[0].id).crashes, 1, "the crashes of the running run")
            try expectEqual(try await data.run(runs[2].id).crashes, 0, "the crashes of the dispatched run")
            let live = try await data.store.workers.list(includingOffline: false, limit: 5)
            try expect(live.isEmpty, "a worker of the old process is alive")
            try expectEqual(try await restart.recoverAfterRestart(), Recovery(), "a second recovery")
        }
    ]
}

extension TestDataFactory {
    /// A leader's term.
    func term() async throws -> LockLease {
        try require(
            try await store.locks.acquire("leader", owner: "leader", timeToLive: .seconds(10)), "the leader's lock")
    }

    /// The worker with its heartbeat sequence as a leader sees it.
    func sequence(of worker: WorkerInfo) async throws -> [WorkerID: Int64] {
        try await store.recovery.heartbeats().filter { $0.key == worker.id }
    }

    /// Lets the worker be recovered.
    func lose(_ worker: WorkerInfo) async throws -> Recovery {
        try await store.recovery.recover(silent: sequence(of: worker), term: term())
    }
}
