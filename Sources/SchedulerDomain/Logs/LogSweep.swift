/// The place of a chunk among all chunks, in the order of their keys.
public struct LogPosition: Sendable, Hashable, Comparable {
    /// Before every chunk.
    public static let start = LogPosition(attempt: RunAttempt(run: RunID(bits: 0), attempt: 0), firstLine: 0)

    public let attempt: RunAttempt
    public let firstLine: Int

    public init(attempt: RunAttempt, firstLine: Int) {
        self.attempt = attempt
        self.firstLine = firstLine
    }

    public static func < (lhs: LogPosition, rhs: LogPosition) -> Bool {
        (lhs.attempt, lhs.firstLine) < (rhs.attempt, rhs.firstLine)
    }
}

/// What one step of deleting old chunks came to.
public struct LogSweep: Sendable, Hashable {
    /// How many chunks were deleted.
    public var deleted: Int
    /// Where the next step goes on; nil: this one came to the end.
    public var next: LogPosition?

    public init(deleted: Int = 0, next: LogPosition? = nil) {
        self.deleted = deleted
        self.next = next
    }
}
