public import SchedulerErrors

/// The name of one start of one run: what messages carry and what fences late reports.
public struct RunAttempt: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let run: RunID
    /// From 1.
    public let attempt: Int

    public init(run: RunID, attempt: Int) {
        self.run = run
        self.attempt = attempt
    }

    public var description: String { "\(run)#\(attempt)" }

    public static func < (lhs: RunAttempt, rhs: RunAttempt) -> Bool { (lhs.run, lhs.attempt) < (rhs.run, rhs.attempt) }
}

/// What became of one attempt that did not complete; kept for as long as the run is.
public struct AttemptRecord: Sendable, Hashable {
    public var attempt: RunAttempt
    /// How the attempt ended.
    public var ending: Ending
    public var worker: WorkerID?
    public var startedAt: UTCInstant?
    public var endedAt: UTCInstant
    public var exitCode: Int?
    public var errorType: ErrorType?
    public var errorMessage: String?

    public enum Ending: String, Sendable, Codable, CaseIterable { case failure, interruption, crash }

    public init(
        attempt: RunAttempt,
        ending: Ending,
        worker: WorkerID?,
        startedAt: UTCInstant?,
        endedAt: UTCInstant,
        exitCode: Int? = nil,
        errorType: ErrorType? = nil,
        errorMessage: String? = nil
    ) {
        self.attempt = attempt
        self.ending = ending
        self.worker = worker
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.exitCode = exitCode
        self.errorType = errorType
        self.errorMessage = errorMessage
    }
}
