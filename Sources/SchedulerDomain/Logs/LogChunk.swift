/// Consecutive lines of one attempt: what a worker writes at once, keyed by the attempt and the first line.
public struct LogChunk: Sendable, Hashable {
    public var attempt: RunAttempt
    public var tenant: TenantID
    public let lines: [LogLine]

    /// - Precondition: at least one line.
    public init(attempt: RunAttempt, tenant: TenantID, lines: [LogLine]) {
        precondition(!lines.isEmpty, "a chunk holds a line")
        self.attempt = attempt
        self.tenant = tenant
        self.lines = lines
    }

    public var firstLine: Int { lines[0].number }
    public var startedAt: UTCInstant { lines[0].time }
}

/// The bounds of one read of a log.
public struct LogRead: Sendable, Hashable {
    public var attempt: RunAttempt
    public var tenant: TenantID
    /// Only lines with greater numbers.
    public var after: Int
    /// The most lines.
    public var limit: Int

    /// How much text one read brings, in bytes.
    ///
    /// It ends with the chunk that reaches it, so that it brings at least one.
    public static let byteLimit = 1_024 * 1_024

    public init(attempt: RunAttempt, tenant: TenantID, after: Int = 0, limit: Int) {
        self.attempt = attempt
        self.tenant = tenant
        self.after = after
        self.limit = limit
    }

    /// Picks the lines that are asked for out of those of the chunks that were read.
    public func select(_ lines: [LogLine]) -> [LogLine] { Array(lines.drop { $0.number <= after }.prefix(limit)) }
}
