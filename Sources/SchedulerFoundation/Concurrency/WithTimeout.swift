import SchedulerErrors

/// Runs an operation and cancels it when the time is over.
///
/// - Parameter what: names the operation in the error, for example `"publish"`.
/// - Throws: `timeout` when the time is over and the operation ended by being cancelled; else what it throws.
public func withTimeout<Result: Sendable>(
    _ limit: Duration,
    _ what: String,
    clock: any Clock<Duration> = MonotonicClock(),
    operation: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await clock.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let result = first else {
            throw SchedulerError(.timeout, "\(what) did not end within \(limit)")
        }
        return result
    }
}
