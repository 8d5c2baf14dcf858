import SchedulerDomain
import SchedulerErrors
import Synchronization

/// Logs of a store that a test lets be away, or refuse what it is given.
final class FaultyRunLogs: RunLogRepository {
    private let base: any RunLogRepository
    private let fault = Mutex<SchedulerError?>(nil)
    private let calls = Mutex(0)

    init(base: any RunLogRepository) { self.base = base }

    /// How many appends were tried.
    var appends: Int { calls.withLock { $0 } }

    /// Lets every write fail; nil: none.
    func fail(with error: SchedulerError?) { fault.withLock { $0 = error } }

    func append(_ chunks: [LogChunk]) async throws {
        calls.withLock { $0 += 1 }
        if let error = fault.withLock({ $0 }) { throw error }
        try await base.append(chunks)
    }

    func setProgress(_ progress: [RunAttempt: Int]) async throws {
        if let error = fault.withLock({ $0 }) { throw error }
        try await base.setProgress(progress)
    }

    func lines(_ read: LogRead) async throws -> [LogLine] { try await base.lines(read) }

    func deleteLogs(olderThan age: Duration, after position: LogPosition, limit: Int) async throws -> LogSweep {
        try await base.deleteLogs(olderThan: age, after: position, limit: limit)
    }
}
