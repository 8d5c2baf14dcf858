public import SchedulerDomain

/// Logs and progress in PostgreSQL.
public struct PostgreSQLRunLogRepository: RunLogRepository {
    let context: PostgresContext

    public func append(_ chunks: [LogChunk]) async throws {
        guard !chunks.isEmpty else { return }
        let chunks = chunks.sorted { ($0.attempt, $0.firstLine) < ($1.attempt, $1.firstLine) }
        try await context.pool.withSession("append logs") { session in
            _ = try session.execute(
                RunLogSQL.append,
                [
                    .uuids(chunks.map(\.attempt.run.bits)), .int4s(chunks.map(\.attempt.attempt)),
                    .int8s(chunks.map { Int64($0.firstLine) }), .int4s(chunks.map(\.lines.count)),
                    .texts(chunks.map(\.tenant.rawValue)), .instants(chunks.map(\.startedAt)),
                    .texts(chunks.map(LogBody.text)),
                ])
        }
    }

    public func lines(_ read: LogRead) async throws -> [LogLine] {
        try await context.pool.withSession("read a log") { session in
            let chunks = try session.execute(
                RunLogSQL.lines,
                [
                    .uuid(read.attempt.run.bits), .int4(read.attempt.attempt), .text(read.tenant.rawValue),
                    .int8(Int64(read.after)), .int8(Int64(read.limit)), .int8(Int64(LogRead.byteLimit)),
                ]
            ).map { row in
                let (first, startedAt) = (try row.int(), try row.instant())
                return try LogBody.lines(try row.text(), from: first, startedAt: startedAt)
            }
            return read.select(Array(chunks.joined()))
        }
    }

    public func setProgress(_ progress: [RunAttempt: Int]) async throws {
        guard !progress.isEmpty else { return }
        let now = context.now
        let said = progress.sorted { $0.key < $1.key }
        try await context.pool.withSession("note progress") { session in
            _ = try session.execute(
                RunLogSQL.setProgress,
                [
                    .uuids(said.map(\.key.run.bits)), .int4s(said.map(\.key.attempt)), .int4s(said.map(\.value)), now,
                ])
        }
    }

    public func deleteLogs(
        olderThan age: Duration, after position: LogPosition, limit: Int
    ) async throws -> LogSweep {
        let now = context.now
        return try await context.pool.withSession("delete logs") { session in
            guard let time = try session.execute(RunLogSQL.now, [now]).first({ try $0.instant() }) else {
                return LogSweep()
            }
            let cutoff = time.advanced(by: .zero - age)
            let (lowest, attempt) = (RunID.lowest(at: cutoff), position.attempt)
            let sweep = try session.execute(
                RunLogSQL.deleteLogs,
                [
                    .uuid(lowest.bits), .uuid(attempt.run.bits), .int4(attempt.attempt),
                    .int8(Int64(position.firstLine)), .int8(Int64(limit)), .instant(cutoff),
                ]
            ).first { row in
                let (deleted, looked) = (try row.int(), try row.int())
                let attempt = RunAttempt(run: RunID(bits: try row.uuid()), attempt: try row.int())
                let last = LogPosition(attempt: attempt, firstLine: try row.int())
                return LogSweep(deleted: deleted, next: looked < limit ? nil : last)
            }
            return sweep ?? LogSweep()
        }
    }
}

/// Its statements, named after its methods.
private enum RunLogSQL {
    static let append = PostgresStatement.write(
        "runLogs.append",
        """
        INSERT INTO run_logs (run_id, attempt, first_line, line_count, tenant_id, started_at, body)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (run_id, attempt, first_line) DO NOTHING
        """)

    /// Begins with the chunk in which the next line stands, whose earlier lines do not count, and ends with the one
    /// that reaches a bound.
    static let lines = PostgresStatement.read(
        "runLogs.lines",
        """
        WITH start AS (
            SELECT coalesce(max(first_line), 1) AS line FROM run_logs
            WHERE run_id = $1 AND attempt = $2 AND first_line <= $4 + 1
        ), next AS (
            SELECT first_line, line_count, started_at, body FROM run_logs
            WHERE run_id = $1 AND attempt = $2 AND tenant_id = $3 AND first_line >= (SELECT line FROM start)
            ORDER BY first_line LIMIT $5 + 1
        ), chunk AS (
            SELECT first_line, started_at, body, sum(line_count) OVER before AS lines,
                   sum(octet_length(body)) OVER before AS bytes
            FROM next
            WINDOW before AS (ORDER BY first_line ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        )
        SELECT first_line, started_at, body FROM chunk
        WHERE lines IS NULL OR lines < $5 + $4 + 1 - (SELECT line FROM start)
              AND (bytes < $6 OR lines <= $4 + 1 - (SELECT line FROM start))
        ORDER BY first_line
        """)

    static let lastChunks = PostgresStatement.read(
        "runLogs.lastChunks",
        """
        SELECT attempt, first_line, started_at, body FROM run_logs WHERE run_id = $1
        ORDER BY attempt DESC, first_line DESC LIMIT $2
        """)

    static let setProgress = PostgresStatement.write(
        "runLogs.setProgress",
        """
        WITH locked AS MATERIALIZED (
            SELECT id, attempt, status, progress FROM run_live WHERE id = ANY($1) ORDER BY id FOR UPDATE
        )
        UPDATE run_live AS run SET progress = said.percent, updated_at = coalesce($4, now())
        FROM locked JOIN unnest($1, $2, $3) AS said (id, attempt, percent)
             ON said.id = locked.id AND said.attempt = locked.attempt
        WHERE run.id = locked.id AND locked.status = 'running' AND locked.progress < said.percent
        """)

    static let now = PostgresStatement.read("runLogs.now", "SELECT coalesce($1, now())")

    /// The conditions on the run alone are there for the choice of the partitions.
    static let deleteLogs = PostgresStatement.write(
        "runLogs.deleteLogs",
        """
        WITH looked AS MATERIALIZED (
            SELECT run_id, attempt, first_line, started_at FROM run_logs
            WHERE run_id < $1 AND run_id >= $2 AND (run_id, attempt, first_line) > ($2, $3, $4)
            ORDER BY run_id, attempt, first_line LIMIT $5
        ), deleted AS (
            DELETE FROM run_logs AS log USING looked
            WHERE log.run_id = looked.run_id AND log.attempt = looked.attempt AND log.first_line = looked.first_line
                  AND looked.started_at < $6 AND log.run_id < $1 AND log.run_id >= $2
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM deleted), (SELECT count(*) FROM looked), run_id, attempt, first_line
        FROM looked ORDER BY run_id DESC, attempt DESC, first_line DESC LIMIT 1
        """)
}

extension PostgresSession {
    /// The end of what the latest attempt that said anything has said.
    func lastLines(of run: RunID) throws -> [LogLine] {
        let chunks = try execute(RunLogSQL.lastChunks, [.uuid(run.bits), .int8(Int64(Quarantine.lines))]).map { row in
            let (attempt, first, startedAt) = (try row.int(), try row.int(), try row.instant())
            return (attempt, LogBody.readableLines(try row.text(), from: first, startedAt: startedAt))
        }
        return chunks.filter { $0.0 == chunks.first?.0 }.reversed().flatMap(\.1).suffix(Quarantine.lines)
    }
}
