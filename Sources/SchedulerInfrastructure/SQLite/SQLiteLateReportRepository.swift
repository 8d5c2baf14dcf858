public import SchedulerDomain

/// Late reports in SQLite.
public final class SQLiteLateReportRepository: LateReportRepository {
    private let database: SQLiteDatabase

    init(_ database: SQLiteDatabase) { self.database = database }

    public func lateReports(of run: RunID) async throws -> [LateReport] {
        try await database.read("lateReports") { transaction in
            try transaction.rows(SQLiteLateReportSQL.lateReports, run.blob) { reader in
                LateReport(
                    attempt: RunAttempt(run: run, attempt: try reader.int()), worker: try reader.workerID(),
                    ending: try reader.word(), endedAt: try reader.instant(), errorMessage: reader.optionalText(),
                    reportedAt: try reader.instant())
            }
        }
    }

    public func countLateReports() async throws -> Int {
        try await database.read("countLateReports") { transaction in
            try transaction.row(SQLiteLateReportSQL.count) { try $0.int() } ?? 0
        }
    }

    public func deleteLateReports(olderThan age: Duration, limit: Int) async throws -> Int {
        try await database.write("deleteLateReports") { transaction in
            let cutoff = transaction.now.advanced(by: .zero - age)
            try transaction.execute(SQLiteLateReportSQL.delete, cutoff.column, limit)
            return transaction.changes
        }
    }
}

extension SQLiteTransaction {
    /// Notes an outcome that does not apply, if its attempt was superseded.
    func noteLate(_ outcome: RunOutcome) throws -> Settlement {
        let report = LateReport(outcome, reportedAt: now)
        try execute(
            SQLiteLateReportSQL.note, report.attempt.run.blob, report.attempt.attempt, report.worker.blob,
            report.ending.rawValue, report.endedAt.column, report.errorMessage, report.reportedAt.column)
        return changes > 0 ? .late : .ignored
    }
}

/// Its statements, named after its methods.
private enum SQLiteLateReportSQL {
    /// What was settled by this very report has its worker and its time of end, in the history or among the records:
    /// then it is a copy.
    static let note = """
        INSERT INTO late_reports (run_id, attempt, worker_id, ending, ended_at, error_message, reported_at)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
        WHERE (EXISTS (SELECT 1 FROM run_live WHERE id = ?1 AND attempt >= ?2)
                OR EXISTS (SELECT 1 FROM run_history WHERE id = ?1 AND attempt >= ?2))
            AND NOT EXISTS (SELECT 1 FROM run_history
                WHERE id = ?1 AND attempt = ?2 AND worker_id = ?3 AND completed_at = ?5)
            AND NOT EXISTS (SELECT 1 FROM run_attempts
                WHERE run_id = ?1 AND attempt = ?2 AND ending <> 'crash' AND worker_id = ?3 AND ended_at = ?5)
        ON CONFLICT (run_id, attempt) DO NOTHING
        """

    static let lateReports = """
        SELECT attempt, worker_id, ending, ended_at, error_message, reported_at
        FROM late_reports WHERE run_id = ? ORDER BY attempt
        """

    static let count = "SELECT count(*) FROM late_reports"

    static let delete = """
        DELETE FROM late_reports WHERE rowid IN (
            SELECT rowid FROM late_reports WHERE reported_at < ? ORDER BY reported_at LIMIT ?)
        """
}
