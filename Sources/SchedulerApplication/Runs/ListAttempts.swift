public import SchedulerDomain
public import SchedulerErrors

/// Returns every attempt of a run, the present one included.
public struct ListAttempts: Sendable {
    private let runs: any TaskRunRepository
    private let lateReports: any LateReportRepository

    public init(runs: any TaskRunRepository, lateReports: any LateReportRepository) {
        self.runs = runs
        self.lateReports = lateReports
    }

    /// - Throws: `notFound`.
    public func callAsFunction(_ id: RunID, tenant: TenantID = .default) async throws -> [AttemptReport] {
        // The run first: an attempt that ends in between then stands among the records, and is not told twice.
        guard let run = try await runs.find([id], tenant: tenant).first else {
            throw SchedulerError(.notFound, "run \(id) does not exist")
        }
        let records = try await runs.attempts(of: id)
        var reports = records.map(AttemptReport.init)
        if run.attempt > 0, !records.contains(where: { $0.attempt.attempt >= run.attempt }) {
            reports.append(AttemptReport(latestOf: run))
        }
        for late in try await lateReports.lateReports(of: id) {
            guard let index = reports.lastIndex(where: { $0.number == late.attempt.attempt }) else { continue }
            reports[index].lateReport = late
        }
        return reports
    }
}

/// What became of one attempt.
public struct AttemptReport: Sendable, Hashable {
    public enum Ending: String, Sendable, CaseIterable { case success, failure, interruption, crash }

    public var number: Int
    /// Nil while it runs, and where nobody knows.
    public var ending: Ending?
    public var worker: WorkerID?
    public var startedAt: UTCInstant?
    public var endedAt: UTCInstant?
    public var exitCode: Int?
    public var errorType: ErrorType?
    public var errorMessage: String?
    /// What its worker said when it did not count any more.
    public var lateReport: LateReport?

    init(_ record: AttemptRecord) {
        number = record.attempt.attempt
        ending =
            switch record.ending {
            case .failure: .failure
            case .interruption: .interruption
            case .crash: .crash
            }
        worker = record.worker
        startedAt = record.startedAt
        endedAt = record.endedAt
        exitCode = record.exitCode
        errorType = record.errorType
        errorMessage = record.errorMessage
    }

    /// Of an attempt without a record: it runs, or it succeeded.
    init(latestOf run: TaskRun) {
        number = run.attempt
        ending = run.status == .completed ? .success : nil
        worker = run.worker
        startedAt = run.startedAt
        endedAt = run.completedAt
        exitCode = run.exitCode
        errorType = run.errorType
        errorMessage = run.errorMessage
    }
}
