import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    /// Runs whose worker lives and knows nothing of them.
    static let forgottenCases: [ContractCase] = [
        ContractCase("a run beyond its time that its worker's last beat does not list is ended as timed out") { data in
            let (worker, attempt) = try await data.startedFor(seconds: 60, retries: 0)
            try await data.beat(worker, held: [])
            data.clock.advance(by: .seconds(95))
            try expectEqual(try await data.endForgotten(), Recovery(), "what is ended too early")
            data.clock.advance(by: .milliseconds(1))
            try expectEqual(try await data.endForgotten(), Recovery(ended: [attempt]), "what is ended")
            let run = try await data.run(attempt.run)
            try expectEqual(run.status, .timeout, "the status")
            try expectEqual(run.errorType, .timeout, "the type of error")
            try expect(
                run.errorMessage?.contains("does not know") == true, "the message is \(run.errorMessage ?? "nil")")
            let late = try await data.store.runs.settle([data.outcome(.success, of: attempt, on: worker)])
            try expectEqual(late, [.ignored], "what comes later")
        },
        ContractCase("with retries left the run is tried again, and the lost attempt counts as a failure") { data in
            let (worker, attempt) = try await data.startedFor(seconds: 60, retries: 1)
            try await data.beat(worker, held: [])
            data.clock.advance(by: .seconds(96))
            try expectEqual(try await data.endForgotten(), Recovery(returned: [attempt]), "what returns")
            let run = try await data.run(attempt.run)
            try expectEqual(run.status, .pending, "the status")
            try expectEqual([run.failures, run.crashes], [1, 0], "the counters")
            try expectEqual(try await data.endForgotten(), Recovery(), "the next pass")
        },
        ContractCase("a run that its worker lists is left to it, however long it takes") { data in
            let (worker, attempt) = try await data.startedFor(seconds: 60, retries: 0)
            try await data.beat(worker, held: [attempt])
            data.clock.advance(by: .seconds(86_400))
            try expectEqual(try await data.endForgotten(), Recovery(), "what is ended")
            let other = RunAttempt(run: attempt.run, attempt: attempt.attempt + 1)
            try await data.beat(worker, held: [other])
            try expectEqual(
                try await data.endForgotten(), Recovery(ended: [attempt]), "what another attempt's name saves")
        },
        ContractCase(
            "a leader waits as long from its own election, and a worker that never said what it holds is trusted"
        ) {
            data in
            let (worker, attempt) = try await data.startedFor(seconds: 60, retries: 0)
            data.clock.advance(by: .seconds(86_400))
            try expectEqual(try await data.endForgotten(), Recovery(), "what is ended before the first beat")
            try await data.beat(worker, held: [])
            try expectEqual(try await data.endForgotten(leadingFor: .seconds(95)), Recovery(), "what a new leader ends")
            let ended = try await data.endForgotten(leadingFor: .milliseconds(95_001))
            try expectEqual(ended, Recovery(ended: [attempt]), "what it ends later")
            let never = LockLease(key: "never", owner: "x", token: 1)
            try await expectError(.lockLost, "the pass of a deposed leader") {
                _ = try await data.store.recovery.endForgotten(after: .zero, leadingFor: .seconds(9), term: never)
            }
        },
    ]
}

extension TestDataFactory {
    /// A run with a timeout, started on a worker of its own.
    fileprivate func startedFor(seconds: Int, retries: Int) async throws -> (WorkerInfo, RunAttempt) {
        let policy = RetryPolicy(maxRetries: retries)
        let task = try await task(.fixture(retryPolicy: policy, timeoutSeconds: seconds))
        let worker = try await worker()
        _ = try await runs(1, of: task)
        return (worker, try only(try await start(on: worker), "a started run").attempt)
    }

    fileprivate func beat(_ worker: WorkerInfo, held: [RunAttempt]) async throws {
        let beat = Heartbeat(worker: worker.id, status: .online, currentTaskCount: held.count, held: held)
        _ = try await store.workers.beat(beat)
    }

    fileprivate func endForgotten(leadingFor time: Duration = .seconds(1_000_000)) async throws -> Recovery {
        try await store.recovery.endForgotten(after: .seconds(35), leadingFor: time, term: term())
    }
}
