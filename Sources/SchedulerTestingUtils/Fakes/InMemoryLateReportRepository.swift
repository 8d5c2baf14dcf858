public import SchedulerDomain

/// Late reports in memory.
public final class InMemoryLateReportRepository: LateReportRepository {
    private let shared: InMemoryShared

    init(_ shared: InMemoryShared) { self.shared = shared }

    public func lateReports(of run: RunID) async throws -> [LateReport] {
        shared.transaction { state, _ in
            (state.lateReports[run] ?? [:]).values.sorted { $0.attempt < $1.attempt }
        }
    }

    public func countLateReports() async throws -> Int {
        shared.transaction { state, _ in state.lateReports.values.reduce(0) { $0 + $1.count } }
    }

    public func deleteLateReports(olderThan age: Duration, limit: Int) async throws -> Int {
        shared.transaction { state, now in
            let cutoff = now.advanced(by: .zero - age)
            let old = state.lateReports.values.flatMap(\.values).filter { $0.reportedAt < cutoff }
                .sorted { $0.reportedAt < $1.reportedAt }.prefix(limit)
            for report in old { state.lateReports[report.attempt.run]?[report.attempt.attempt] = nil }
            return old.count
        }
    }
}

extension InMemoryState {
    /// Notes an outcome that does not apply, if its attempt was superseded.
    mutating func noteLate(_ outcome: RunOutcome, now: UTCInstant) -> Settlement {
        let (id, number) = (outcome.attempt.run, outcome.attempt.attempt)
        guard let run = live[id] ?? history[id], run.attempt >= number else { return .ignored }
        // What was settled by this very report has its worker and its time of end.
        if run.status.isTerminal, run.attempt == number, run.worker == outcome.worker,
            run.completedAt == outcome.endedAt
        {
            return .ignored
        }
        if let record = attempts[id]?[number], record.ending != .crash, record.worker == outcome.worker,
            record.endedAt == outcome.endedAt
        {
            return .ignored
        }
        guard lateReports[id]?[number] == nil else { return .ignored }
        lateReports[id, default: [:]][number] = LateReport(outcome, reportedAt: now)
        return .late
    }
}
