public import SchedulerDomain

/// Logs and progress in SQLite.
public final class SQLiteRunLogRepository: RunLogRepository {
    private let database: SQLiteDatabase

    init(_ database: SQLiteDatabase) { self.database = database }

    public func append(_ chunks: [LogChunk]) async throws {
        guard !chunks.isEmpty else { return }
        try await database.write("append") { transaction in
            for chunk in chunks {
                try transaction.execute(
                    SQLiteRunLogSQL.append, chunk.attempt.run.blob, chunk.attempt.attempt, chunk.firstLine,
                    chunk.lines.count, chunk.tenant.rawValue, chunk.startedAt.column, LogBody.text(of: chunk))
            }
        }
    }

    public func lines(_ read: LogRead) async throws -> [LogLine] {
        try await database.read("lines") { transaction in
            let chunks = try transaction.rows(
                SQLiteRunLogSQL.lines, read.attempt.run.blob, read.attempt.attempt, read.tenant.rawValue, read.after,
                read.limit, LogRead.byteLimit
            ) { reader in
                let (first, startedAt) = (try reader.int(), try reader.instant())
                return try LogBody.lines(try reader.text(), from: first, startedAt: startedAt)
            }
            return read.select(Array(chunks.joined()))
        }
    }

    public func setProgress(_ progress: [RunAttempt: Int]) async throws {
        guard !progress.isEmpty else { return }
        try await database.write("setProgress") { transaction in
            for (attempt, percent) in progress {
                try transaction.execute(
                    SQLiteRunLogSQL.setProgress, percent, transaction.now.column, attempt.run.blob, attempt.attempt,
                    percent)
            }
        }
    }

    public func deleteLogs(
        olderThan age: Duration, after position: LogPosition, limit: Int
    ) async throws -> LogSweep {
        try await database.write("deleteLogs") { transaction in
            let cutoff = transaction.now.advanced(by: .zero - age)
            let (lowest, attempt) = (RunID.lowest(at: cutoff), position.attempt)
            let looked = try transaction.rows(
                SQLiteRunLogSQL.sweep, lowest.blob, attempt.run.blob, attempt.attempt, position.firstLine, limit
            ) { reader in
                let attempt = RunAttempt(run: try reader.runID(), attempt: try reader.int())
                return LogPosition(attempt: attempt, firstLine: try reader.int())
            }
            try transaction.execute(
                SQLiteRunLogSQL.deleteLogs, lowest.blob, attempt.run.blob, attempt.attempt, position.firstLine, limit,
                cutoff.column)
            return LogSweep(deleted: transaction.changes, next: looked.count < limit ? nil : looked.last)
        }
    }
}

/// Its statements, named after its methods.
enum SQLiteRunLogSQL {
    static let append = """
        INSERT INTO run_logs (run_id, attempt, first_line, line_count, tenant_id, started_at, body)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (run_id, attempt, first_line) DO NOTHING
        """

    /// Begins with the chunk in which the next line stands, whose earlier lines do not count, and ends with the one
    /// that reaches a bound.
    static let lines = """
        WITH start AS (
            SELECT coalesce(max(first_line), 1) AS line FROM run_logs
            WHERE run_id = ?1 AND attempt = ?2 AND first_line <= ?4 + 1
        ), next AS (
            SELECT first_line, line_count, started_at, body FROM run_logs
            WHERE run_id = ?1 AND attempt = ?2 AND tenant_id = ?3 AND first_line >= (SELECT line FROM start)
            ORDER BY first_line LIMIT ?5 + 1
        ), chunk AS (
            SELECT first_line, started_at, body, sum(line_count) OVER before AS lines,
                sum(length(CAST(body AS BLOB))) OVER before AS bytes
            FROM next
            WINDOW before AS (ORDER BY first_line ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        )
        SELECT first_line, started_at, body FROM chunk
        WHERE lines IS NULL OR lines < ?5 + ?4 + 1 - (SELECT line FROM start)
            AND (bytes < ?6 OR lines <= ?4 + 1 - (SELECT line FROM start))
        ORDER BY first_line
        """

    static let lastChunks = """
        SELECT attempt, first_line, started_at, body FROM run_logs WHERE run_id = ?
        ORDER BY attempt DESC, first_line DESC LIMIT ?
        """

    static let setProgress = """
        UPDATE run_live SET progress = ?, updated_at = ?
        WHERE id = ? AND attempt = ? AND status = 'running' AND progress < ?
        """

    private static let old = """
        FROM run_logs WHERE run_id < ?1 AND (run_id, attempt, first_line) > (?2, ?3, ?4)
        ORDER BY run_id, attempt, first_line LIMIT ?5
        """

    /// What one step looks at.
    static let sweep = "SELECT run_id, attempt, first_line \(old)"

    static let deleteLogs = "DELETE FROM run_logs WHERE rowid IN (SELECT rowid \(old)) AND started_at < ?6"
}

extension SQLiteTransaction {
    /// The end of what the latest attempt that said anything has said.
    func lastLines(of run: RunID) throws -> [LogLine] {
        let chunks = try rows(SQLiteRunLogSQL.lastChunks, run.blob, Quarantine.lines) { reader in
            let (attempt, first, startedAt) = (try reader.int(), try reader.int(), try reader.instant())
            return (attempt, LogBody.readableLines(try reader.text(), from: first, startedAt: startedAt))
        }
        return chunks.filter { $0.0 == chunks.first?.0 }.reversed().flatMap(\.1).suffix(Quarantine.lines)
    }
}
