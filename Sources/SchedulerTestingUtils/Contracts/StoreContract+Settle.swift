import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    static let settleCases: [ContractCase] = [
        ContractCase("a success ends the run as completed, with all that its worker reports") { data in
            let (_, worker, attempt) = try await data.started()
            let started = data.clock.now.advanced(by: .milliseconds(3))
            let ended = data.clock.now.advanced(by: .milliseconds(1_503))
            data.clock.advance(by: .seconds(2))
            let outcome = RunOutcome(
                attempt: attempt, worker: worker.id, ending: .success, startedAt: started, endedAt: ended,
                result: ["stdout": "grüße\n\u{1}", "exitCode": 0], exitCode: 0)
            try expectEqual(try await data.store.runs.settle([outcome]), [.ended(.completed)], "the settlement")
            let run = try await data.run(attempt.run)
            try expectEqual(run.status, .completed, "the status")
            try expectEqual(run.result, outcome.result, "the result")
            try expectEqual(run.exitCode, 0, "the exit code")
            try expectEqual(run.startedAt, started, "the start")
            try expectEqual(run.completedAt, ended, "the end")
            try expectEqual(run.worker, worker.id, "the worker")
            try expectEqual([run.attempt, run.settledAttempt], [1, 1], "the attempts")
            try expectEqual([run.failures, run.interruptions, run.crashes], [0, 0, 0], "the counters")
            try expectEqual(run.errorType, nil, "the type of error")
            try expect(try await data.store.runs.attempts(of: run.id).isEmpty, "a success leaves an attempt's record")
        },
        ContractCase("a failure without retries ends the run as failed") { data in
            let (_, worker, attempt) = try await data.started(RetryPolicy(maxRetries: 0))
            let outcome = data.outcome(
                .failure(.system), of: attempt, on: worker, result: ["stderr": "no"], exitCode: 3,
                errorMessage: "exit code 3")
            try expectEqual(try await data.store.runs.settle([outcome]), [.ended(.failed)], "the settlement")
            let run = try await data.run(attempt.run)
            try expectEqual(run.status, .failed, "the status")
            try expectEqual(run.errorType, .system, "the type of error")
            try expectEqual(run.errorMessage, "exit code 3", "the message")
            try expectEqual(run.exitCode, 3, "the exit code")
            try expectEqual(run.result, ["stderr": "no"], "the result")
            try expectEqual(run.failures, 1, "the failures")
        },
        ContractCase("what an attempt used, and where it failed, stays with the run that it ended") { data in
            let (_, worker, attempt) = try await data.started(RetryPolicy(maxRetries: 0))
            var outcome = data.outcome(.failure(.user), of: attempt, on: worker, errorMessage: "no")
            outcome.errorStack = "Traceback:\n  File \"x.py\", line 3"
            outcome.usage = ResourceUsage(cpuTime: .microseconds(1_234_999), peakMemoryBytes: 5 * 1_048_576 + 1)
            try expectEqual(try await data.store.runs.settle([outcome]), [.ended(.failed)], "the settlement")
            let run = try await data.run(attempt.run)
            try expectEqual(run.errorStack, outcome.errorStack, "the stack")
            try expectEqual(run.memoryPeakMegabytes, 6, "the memory")
            try expectEqual(run.cpuTime, .milliseconds(1_234), "the time")
            let listed = try await data.store.runs.list(TaskRunQuery(status: .failed, limit: 10)).items
            try expectEqual(listed, [run], "the list")
        },
        ContractCase("an attempt that waits for another keeps neither stack nor use") { data in
            let (_, worker, attempt) = try await data.started(RetryPolicy(maxRetries: 1, delayMilliseconds: 0))
            var outcome = data.outcome(.failure(.system), of: attempt, on: worker)
            outcome.errorStack = "somewhere"
            outcome.usage = ResourceUsage(cpuTime: .seconds(1), peakMemoryBytes: 1)
            _ = try await data.store.runs.settle([outcome])
            let second = try require(try await data.start(on: worker).first, "the second attempt").attempt
            _ = try await data.store.runs.settle([data.outcome(.success, of: second, on: worker)])
            let run = try await data.run(attempt.run)
            try expectEqual([run.status], [.completed], "the status")
            try expect(
                run.errorStack == nil && run.memoryPeakMegabytes == nil && run.cpuTime == nil, "something is left")
        },
        ContractCase("a timeout without retries ends the run as timeout") { data in
            let (_, worker, attempt) = try await data.started(RetryPolicy(maxRetries: 0))
            let outcome = data.outcome(.timeout, of: attempt, on: worker, errorMessage: "60 s are over")
            try expectEqual(try await data.store.runs.settle([outcome]), [.ended(.timeout)], "the settlement")
            let run = try await data.run(attempt.run)
            try expectEqual(run.status, .timeout, "the status")
            try expectEqual(run.errorType, .timeout, "the type of error")
        },
        ContractCase("settlements come in the order of the outcomes; bad ones do not touch the others") { data in
            let task = try await data.task(.fixture(retryPolicy: RetryPolicy(maxRetries: 0)))
            let worker = try await data.worker()
            _ = try await data.runs(3, of: task)
            let attempts = try await data.start(on: worker).map(\.attempt)
            let unknown = RunAttempt(run: .next(at: data.clock.now), attempt: 1)
            let settled = try await data.store.runs.settle([
                data.outcome(.failure(.user), of: attempts[2], on: worker),
                data.outcome(.success, of: unknown, on: worker),
                data.outcome(.success, of: attempts[0], on: worker),
                data.outcome(.success, of: attempts[2], on: worker),
                data.outcome(.interruption, of: attempts[1], on: worker),
            ])
            try expectEqual(
                settled, [.ended(.failed), .ignored, .ended(.completed), .ignored, .returned(dueAt: data.clock.now)],
                "the settlements")
            try expectEqual(try await data.store.runs.settle([]), [], "the settlements of nothing")
        },
        ContractCase("an outcome counts once, however often and by whomever it is delivered") { data in
            let (_, worker, attempt) = try await data.started()
            let outcome = data.outcome(.success, of: attempt, on: worker)
            let settled = try await withThrowingTaskGroup(of: [Settlement].self) { group in
                for _ in 0..<4 { group.addTask { try await data.store.runs.settle([outcome]) } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            try expectEqual(settled.filter { $0 == .ended(.completed) }.count, 1, "how often it counted")
            try expectEqual(settled.filter { $0 == .ignored }.count, 3, "how often it was ignored")
            let failure = data.outcome(.failure(.system), of: attempt, on: worker)
            try expectEqual(try await data.store.runs.settle([failure]), [.ignored], "a different outcome afterwards")
            try expectEqual(try await data.run(attempt.run).status, .completed, "the status")
        },
        ContractCase("the store waits for an outcome until it is settled, and for no other attempt") { data in
            let (_, worker, attempt) = try await data.started(RetryPolicy(maxRetries: 5, delayMilliseconds: 0))
            let others = [0, 2].map { RunAttempt(run: attempt.run, attempt: $0) }
            let unknown = RunAttempt(run: .next(at: data.clock.now), attempt: 1)
            let asked = [attempt, unknown] + others
            try expectEqual(try await data.store.runs.unsettled(among: asked), [attempt], "what is unsettled")
            _ = try await data.store.runs.settle([data.outcome(.failure(.system), of: attempt, on: worker)])
            try expectEqual(try await data.store.runs.unsettled(among: asked), [], "what is unsettled after a retry")
            let second = try await data.start(on: worker).map(\.attempt)
            try expectEqual(try await data.store.runs.unsettled(among: asked), Set(second), "what is unsettled then")
            _ = try await data.store.runs.settle([data.outcome(.success, of: second[0], on: worker)])
            try expectEqual(try await data.store.runs.unsettled(among: asked), [], "what is unsettled after the end")
        },
    ]

    static let retryCases: [ContractCase] = [
        ContractCase("a failure with retries left returns the run, due after a delay within the policy") { data in
            let policy = RetryPolicy(maxRetries: 1, delayMilliseconds: 4_000)
            let (_, worker, attempt) = try await data.started(policy)
            let outcome = data.outcome(
                .failure(.network), of: attempt, on: worker, exitCode: 7, errorMessage: "refused")
            let settled = try await data.store.runs.settle([outcome])
            guard case .returned(let dueAt) = settled.first else {
                throw ContractViolation(description: "the settlement is \(settled), expected a return")
            }
            let delay = data.clock.now.duration(to: dueAt)
            try expect(delay >= .zero && delay <= .seconds(4), "the delay is \(delay)")
            let run = try await data.run(attempt.run)
            try expectEqual(run.status, .pending, "the status")
            try expectEqual(run.dueAt, dueAt, "the due time")
            try expectEqual(run.scheduledAt, data.clock.now, "the fire time")
            try expectEqual([run.attempt, run.settledAttempt, run.failures], [1, 1, 1], "attempt, settled, failures")
            try expectEqual([run.completedAt, run.dispatchedAt], [nil, nil], "the times of dispatch and end")
            let record = AttemptRecord(
                attempt: attempt, ending: .failure, worker: worker.id, startedAt: data.clock.now,
                endedAt: data.clock.now, exitCode: 7, errorType: .network, errorMessage: "refused")
            try expectEqual(try await data.store.runs.attempts(of: run.id), [record], "the records")
            try expectEqual(try await data.store.runs.settle([outcome]), [.ignored], "the outcome again")
        },
        ContractCase("a retry is not picked before it is due, and its attempt is the next") { data in
            let policy = RetryPolicy(maxRetries: 3, delayMilliseconds: 4_000_000, maxDelayMilliseconds: 4_000_000)
            let (_, worker, attempt) = try await data.started(policy)
            let settled = try await data.store.runs.settle([data.outcome(.failure(.system), of: attempt, on: worker)])
            guard case .returned(let dueAt) = settled.first, dueAt > data.clock.now else {
                throw ContractViolation(description: "the settlement is \(settled), expected a later return")
            }
            data.clock.set(to: dueAt.advanced(by: .microseconds(-1)))
            try expect(try await data.store.runs.pick(limit: 1).runs.isEmpty, "the retry is picked early")
            data.clock.set(to: dueAt)
            let picked = try await data.store.runs.pick(limit: 1).runs.map(\.attempt)
            try expectEqual(picked, [RunAttempt(run: attempt.run, attempt: 2)], "the pick")
        },
        ContractCase("failures spend the budget, interruptions do not, and each attempt is recorded") { data in
            let policy = RetryPolicy(maxRetries: 1, delayMilliseconds: 0)
            let (_, worker, first) = try await data.started(policy)
            let endings: [RunOutcome.Ending] = [.interruption, .failure(.system), .interruption, .timeout]
            var settlements: [Settlement] = []
            var attempt = first
            for (index, ending) in endings.enumerated() {
                settlements += try await data.store.runs.settle([data.outcome(ending, of: attempt, on: worker)])
                if index < endings.count - 1 {
                    attempt = try require(try await data.start(on: worker).first, "attempt \(index + 2)").attempt
                }
            }
            let back = Settlement.returned(dueAt: data.clock.now)
            try expectEqual(settlements, [back, back, back, .ended(.timeout)], "the settlements")
            let run = try await data.run(first.run)
            try expectEqual([run.attempt, run.failures, run.interruptions, run.crashes], [4, 2, 2, 0], "the counters")
            let records = try await data.store.runs.attempts(of: run.id)
            try expectEqual(records.map(\.ending), [.interruption, .failure, .interruption, .failure], "the endings")
            try expectEqual(records.map(\.attempt.attempt), [1, 2, 3, 4], "the attempts")
            try expectEqual(records.map(\.errorType), [nil, .system, nil, .timeout], "the types of error")
        },
        ContractCase("what is not worth retrying ends at once; the policy is that of the run's own version") { data in
            let policy = RetryPolicy(maxRetries: 3, delayMilliseconds: 0)
            let (task, worker, attempt) = try await data.started(policy)
            let user = data.outcome(.failure(.user), of: attempt, on: worker)
            try expectEqual(
                try await data.store.runs.settle([user]), [.ended(.failed)], "the settlement of a user's error")
            let kept = try await data.runs(1, of: task)
            var edited = try await data.task(task.id)
            edited.spec.retryPolicy.maxRetries = 0
            _ = try await data.store.tasks.save([TaskEdit(task: edited)], replacing: [try await data.task(task.id)])
            let started = try await data.start(on: worker).map(\.attempt)
            try expectEqual(started.map(\.run), kept.map(\.id), "what was started")
            let settled = try await data.store.runs.settle([data.outcome(.failure(.system), of: started[0], on: worker)]
            )
            try expectEqual(settled, [.returned(dueAt: data.clock.now)], "the settlement by the old version's policy")
        },
        ContractCase("an outcome of an attempt that the next claim superseded is ignored") { data in
            let (_, worker, first) = try await data.started(RetryPolicy(maxRetries: 3, delayMilliseconds: 0))
            _ = try await data.store.runs.settle([data.outcome(.interruption, of: first, on: worker)])
            let second = try require(try await data.start(on: worker).first, "the second attempt").attempt
            try expectEqual(second, RunAttempt(run: first.run, attempt: 2), "the second attempt")
            let late = try await data.store.runs.settle([data.outcome(.success, of: first, on: worker)])
            try expectEqual(late, [.ignored], "the late settlement")
            let ahead = RunAttempt(run: first.run, attempt: 3)
            let early = try await data.store.runs.settle([data.outcome(.success, of: ahead, on: worker)])
            try expectEqual(early, [.ignored], "the settlement of an attempt that never started")
            try expectEqual(try await data.run(first.run).status, .running, "the status")
        },
    ]
}

extension TestDataFactory {
    /// A task with one run that has started.
    func started(
        _ policy: RetryPolicy = RetryPolicy()
    ) async throws -> (task: TaskDefinition, worker: WorkerInfo, attempt: RunAttempt) {
        let task = try await task(.fixture(retryPolicy: policy))
        let worker = try await worker()
        _ = try await runs(1, of: task)
        return (task, worker, try require(try await start(on: worker).first, "the started attempt").attempt)
    }
}
