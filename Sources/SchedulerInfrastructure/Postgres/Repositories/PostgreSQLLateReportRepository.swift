public import SchedulerDomain

/// Late reports in PostgreSQL.
public struct PostgreSQLLateReportRepository: LateReportRepository {
    let context: PostgresContext

    public func lateReports(of run: RunID) async throws -> [LateReport] {
        try await context.pool.withSession("list late reports") { session in
            try session.execute(LateReportSQL.lateReports, [.uuid(run.bits)]).map { row in
                LateReport(
                    attempt: RunAttempt(run: run, attempt: try row.int()), worker: WorkerID(bits: try row.uuid()),
                    ending: try row.value(), endedAt: try row.instant(), errorMessage: row.optionalText(),
                    reportedAt: try row.instant())
            }
        }
    }

    public func countLateReports() async throws -> Int {
        try await context.pool.withSession("count late reports") { session in
            try session.execute(LateReportSQL.count).first { try $0.int() } ?? 0
        }
    }

    public func deleteLateReports(olderThan age: Duration, limit: Int) async throws -> Int {
        let now = context.now
        return try await context.pool.withSession("delete late reports") { session in
            try session.execute(LateReportSQL.delete, [now, .int8(age.microseconds), .int8(Int64(limit))]).affected
        }
    }
}

extension PostgresSession {
    /// Notes those of the ignored outcomes whose attempt was superseded; costs nothing where none was ignored.
    ///
    /// It comes after the batch was written, so that a second copy in the same batch is known as one.
    func noteLate(
        _ outcomes: [RunOutcome], _ settlements: [Settlement], now: PostgresParameter
    ) throws -> [Settlement] {
        let ignored = outcomes.indices.filter { settlements[$0] == .ignored }
        guard !ignored.isEmpty else { return settlements }
        let reports = Dictionary(ignored.map { (outcomes[$0].attempt, outcomes[$0]) }) { first, _ in first }
            .values.sorted { $0.attempt < $1.attempt }
        let runs = reports.map(\.attempt.run)
        var noted = Set(
            try execute(
                LateReportSQL.note,
                [
                    .uuids(runs.map(\.bits)), .int4s(reports.map(\.attempt.attempt)),
                    .uuids(reports.map(\.worker.bits)),
                    .texts(reports.map { LateReport.Ending($0.ending).rawValue }), .instants(reports.map(\.endedAt)),
                    .texts(reports.map(\.errorMessage)), now, .uuid(runs.first?.bits), .uuid(runs.last?.bits),
                ]
            ).map { row in RunAttempt(run: RunID(bits: try row.uuid()), attempt: try row.int()) })
        var settlements = settlements
        for index in ignored where noted.remove(outcomes[index].attempt) != nil { settlements[index] = .late }
        return settlements
    }
}

/// Its statements, named after its methods.
private enum LateReportSQL {
    /// What was settled by this very report has its worker and its time of end, in the history or among the records:
    /// then it is a copy.
    ///
    /// The bounds are there for the choice of the partitions.
    static let note = PostgresStatement.write(
        "lateReports.note",
        """
        INSERT INTO late_reports (run_id, attempt, worker_id, ending, ended_at, error_message, reported_at)
        SELECT said.run_id, said.attempt, said.worker_id, said.ending, said.ended_at, said.error_message,
               coalesce($7, now())
        FROM unnest($1, $2, $3, $4, $5, $6)
                 AS said (run_id, attempt, worker_id, ending, ended_at, error_message)
             LEFT JOIN run_live AS live ON live.id = said.run_id
             LEFT JOIN run_history AS ended ON ended.id = said.run_id AND ended.id >= $8 AND ended.id <= $9
        WHERE coalesce(live.attempt, ended.attempt) >= said.attempt
              AND NOT coalesce(ended.attempt = said.attempt AND ended.worker_id = said.worker_id
                               AND ended.completed_at = said.ended_at, false)
              AND NOT EXISTS (
                  SELECT FROM run_attempts AS record
                  WHERE record.run_id = said.run_id AND record.run_id >= $8 AND record.run_id <= $9
                        AND record.attempt = said.attempt AND record.ending <> 'crash'
                        AND record.worker_id = said.worker_id AND record.ended_at = said.ended_at)
        ORDER BY said.run_id, said.attempt
        ON CONFLICT (run_id, attempt) DO NOTHING
        RETURNING run_id, attempt
        """)

    static let lateReports = PostgresStatement.read(
        "lateReports.lateReports",
        """
        SELECT attempt, worker_id, ending, ended_at, error_message, reported_at
        FROM late_reports WHERE run_id = $1 ORDER BY attempt
        """)

    static let count = PostgresStatement.read("lateReports.count", "SELECT count(*) FROM late_reports")

    static let delete = PostgresStatement.write(
        "lateReports.delete",
        """
        WITH old AS MATERIALIZED (
            SELECT run_id, attempt FROM late_reports
            WHERE reported_at < coalesce($1, now()) - $2 * interval '1 microsecond'
            ORDER BY reported_at LIMIT $3 FOR UPDATE SKIP LOCKED
        )
        DELETE FROM late_reports AS report USING old
        WHERE report.run_id = old.run_id AND report.attempt = old.attempt
        """)
}
