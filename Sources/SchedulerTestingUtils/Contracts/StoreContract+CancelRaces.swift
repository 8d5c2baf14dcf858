import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    /// Of a cancel and whatever else becomes of the run at the same time.
    static let cancelRaceCases: [ContractCase] = [
        ContractCase("of a cancel and a success at once the run completes, and the cancel says that it came too late") {
            data in
            for _ in 0..<8 {
                let (worker, attempt) = try await data.startedAnew()
                async let cancelled = data.cancel(attempt.run)
                async let settled = data.store.runs.settle([data.outcome(.success, of: attempt, on: worker)])
                let (result, settlements) = try await (cancelled, settled)
                try expectEqual(settlements, [.ended(.completed)], "the settlement")
                try expect(
                    result == .alreadyEnded || result == .requested(on: worker.id), "the cancel came to \(result)")
                try expectEqual(try await data.run(attempt.run).status, .completed, "the status")
                try expectEqual(try await data.cancel(attempt.run), .alreadyEnded, "the next cancel")
            }
        },
        ContractCase("of a cancel and a failure at once, with attempts left, nothing is tried again") { data in
            for _ in 0..<8 {
                let (worker, attempt) = try await data.startedAnew()
                async let cancelled = data.cancel(attempt.run)
                async let settled = data.store.runs.settle([data.outcome(.failure(.system), of: attempt, on: worker)])
                let (result, settlements) = try await (cancelled, settled)
                switch settlements.first {
                case .ended(.cancelled): try expectEqual(result, .requested(on: worker.id), "a cancel before it")
                case .returned: try expectEqual(result, .ended, "a cancel after it")
                case let other: throw ContractViolation(description: "the settlement is \(String(describing: other))")
                }
                let run = try await data.run(attempt.run)
                try expectEqual(run.status, .cancelled, "the status")
                try expectEqual(run.failures, 1, "the failures")
            }
        },
        ContractCase("a run that waits for its next attempt is cancelled at once") { data in
            let (worker, attempt) = try await data.startedAnew()
            _ = try await data.store.runs.settle([data.outcome(.failure(.network), of: attempt, on: worker)])
            let waiting = try await data.run(attempt.run)
            try expectEqual(waiting.status, .pending, "the status before")
            try expect(waiting.dueAt > data.clock.now, "the retry does not wait")
            try expectEqual(try await data.cancel(attempt.run), .ended, "the result")
            try expectEqual(try await data.run(attempt.run).status, .cancelled, "the status")
            data.clock.advance(by: .seconds(86_400))
            try expect(try await data.store.runs.pick(limit: 5).runs.isEmpty, "a cancelled run is picked")
        },
        ContractCase("of a cancel and the loss of its worker at once, the run is cancelled and a late success refused")
        {
            data in
            for _ in 0..<8 {
                let (worker, attempt) = try await data.startedAnew()
                async let cancelled = data.cancel(attempt.run)
                async let recovered = data.lose(worker)
                var (result, recovery) = try await (cancelled, recovered)
                // A pass may leave a run that the cancel holds to the next one.
                if recovery.ended.isEmpty, recovery.returned.isEmpty { recovery = try await data.lose(worker) }
                if result == .ended {
                    try expectEqual(recovery.returned, [attempt], "what a recovery before the cancel returned")
                } else {
                    try expectEqual(result, .requested(on: worker.id), "a cancel before the recovery")
                    try expectEqual(recovery.ended, [attempt], "what a recovery after the cancel ended")
                }
                try expectEqual(try await data.run(attempt.run).status, .cancelled, "the status")
                data.clock.advance(by: .seconds(1))
                let late = try await data.store.runs.settle([data.outcome(.success, of: attempt, on: worker)])
                try expectEqual(late, [.late], "the late success")
                try expectEqual(try await data.run(attempt.run).status, .cancelled, "the status after it")
            }
        },
        ContractCase("of a cancel and a claim at once, a run that was cancelled is not started") { data in
            let task = try await data.task(.fixture(maxConcurrent: 0))
            let worker = try await data.worker()
            for _ in 0..<8 {
                _ = try await data.runs(1, of: task)
                let attempts = try await data.store.runs.pick(limit: 1).runs.map(\.attempt)
                let attempt = try data.only(attempts, "a picked run")
                async let cancelled = data.cancel(attempt.run)
                async let claimed = data.store.runs.claim(RunClaim(worker: worker.id, take: attempts))
                let (result, started) = try await (cancelled, claimed)
                if started.isEmpty {
                    try expectEqual(result, .ended, "a cancel before the claim")
                } else {
                    try expectEqual(result, .requested(on: worker.id), "a cancel after the claim")
                    let beat = Heartbeat(worker: worker.id, status: .online, currentTaskCount: 1, held: attempts)
                    let told = try await data.store.workers.beat(beat).cancelRequested
                    try expectEqual(told, attempts, "what the worker is told")
                }
                let late = try await data.store.runs.claim(RunClaim(worker: worker.id, take: attempts))
                try expectEqual(late, started, "what a repeated claim gets")
            }
        },
    ]
}

extension TestDataFactory {
    /// A run of a task of its own, which is tried again after failures, started on a worker of its own.
    fileprivate func startedAnew() async throws -> (WorkerInfo, RunAttempt) {
        let id = RunID.next(at: clock.now)
        let policy = RetryPolicy(maxRetries: 5, delayMilliseconds: 60_000)
        let task = try await task(.fixture(name: "\(id)", retryPolicy: policy))
        let worker = try await worker()
        _ = try await runs(1, of: task)
        return (worker, try only(try await start(on: worker), "a started run").attempt)
    }

    fileprivate func cancel(_ run: RunID) async throws -> CancelResult {
        let results = try await store.runs.cancel(.runs([run]), tenant: .default, reason: "not needed")
        return try require(results[run], "the result of the cancel")
    }
}
