/// What a worker said of an attempt that had been superseded: the run had been started again, or had ended otherwise.
///
/// It is refused and changes nothing; it tells that an attempt which counted as lost went on.
public struct LateReport: Sendable, Hashable {
    public enum Ending: String, Sendable, CaseIterable { case success, failure, timeout, interruption }

    public var attempt: RunAttempt
    public var worker: WorkerID
    /// What the attempt came to, as its worker says.
    public var ending: Ending
    /// When the attempt ended, by the worker's clock.
    public var endedAt: UTCInstant
    public var errorMessage: String?
    /// When the store refused it.
    public var reportedAt: UTCInstant

    public init(
        attempt: RunAttempt, worker: WorkerID, ending: Ending, endedAt: UTCInstant, errorMessage: String? = nil,
        reportedAt: UTCInstant
    ) {
        self.attempt = attempt
        self.worker = worker
        self.ending = ending
        self.endedAt = endedAt
        self.errorMessage = errorMessage
        self.reportedAt = reportedAt
    }

    public init(_ outcome: RunOutcome, reportedAt: UTCInstant) {
        self.init(
            attempt: outcome.attempt, worker: outcome.worker, ending: Ending(outcome.ending), endedAt: outcome.endedAt,
            errorMessage: outcome.errorMessage, reportedAt: reportedAt)
    }
}

extension LateReport.Ending {
    public init(_ ending: RunOutcome.Ending) {
        self =
            switch ending {
            case .success: .success
            case .failure: .failure
            case .timeout: .timeout
            case .interruption: .interruption
            }
    }
}
