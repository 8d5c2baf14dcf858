import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils

/// Runs with logs in the store of an API under test.
struct LogBench: Sendable {
    let bench: APITestBench
    let data: TestDataFactory
    let worker: WorkerInfo

    init(_ bench: APITestBench) async throws {
        self.bench = bench
        data = TestDataFactory(store: bench.store, clock: bench.clock)
        worker = try await data.worker()
    }

    /// A run whose first attempt has started.
    func started(tenant: TenantID = .default) async throws -> RunAttempt {
        let task = try await data.task(
            .fixture(retryPolicy: RetryPolicy(maxRetries: 3, delayMilliseconds: 0)), tenant: tenant)
        _ = try await data.runs(1, of: task)
        return try await next()
    }

    /// Starts the next attempt of what is due.
    func next() async throws -> RunAttempt {
        guard let claimed = try await data.start(on: worker).first else {
            throw SchedulerError(.internal, "nothing could be started")
        }
        return claimed.attempt
    }

    func say(_ texts: [String], from first: Int = 1, in attempt: RunAttempt, tenant: TenantID = .default) async throws {
        let lines = texts.enumerated().map { index, text in
            LogLine(number: first + index, time: bench.clock.now, stream: .stdout, text: text)
        }
        try await bench.store.runLogs.append([LogChunk(attempt: attempt, tenant: tenant, lines: lines)])
    }

    func end(_ attempt: RunAttempt, _ ending: RunOutcome.Ending = .success, message: String? = nil) async throws {
        _ = try await bench.store.runs.settle([
            data.outcome(ending, of: attempt, on: worker, exitCode: ending == .success ? 0 : 3, errorMessage: message)
        ])
    }
}
