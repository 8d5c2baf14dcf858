/// Keeps what attempts say while they run: their lines, in chunks, and how far they are.
///
/// A log belongs to its attempt and outlives the worker. It is deleted sooner than its run.
public protocol RunLogRepository: Sendable {
    /// Adds chunks; one that is there already is skipped, so that an append of unknown outcome can be repeated.
    func append(_ chunks: [LogChunk]) async throws

    /// Returns the next lines of one attempt, in order; none where the tenant has no such run.
    ///
    /// - Returns: at most the limit, and about `LogRead.byteLimit`; nothing only where no line follows.
    func lines(_ read: LogRead) async throws -> [LogLine]

    /// Notes how far running attempts are; what is not the attempt under way, or not further than noted, is ignored.
    ///
    /// - Parameter progress: 0–100 by attempt.
    func setProgress(_ progress: [RunAttempt: Int]) async throws

    /// Deletes chunks whose first line was said longer than `age` ago, of runs that were created longer than that ago.
    ///
    /// A run may wait long before it starts, so its age alone says nothing of its log's.
    ///
    /// - Parameters:
    ///   - position: where it begins: behind this chunk, in the order of the keys.
    ///   - limit: how many chunks it looks at, deleted or not, so that a call is short.
    func deleteLogs(olderThan age: Duration, after position: LogPosition, limit: Int) async throws -> LogSweep
}
