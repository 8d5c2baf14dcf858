public import SchedulerDomain

/// Shows what nobody could handle, newest first.
public struct ListDeadLetters: Sendable {
    private let deadLetters: any DeadLetterRepository

    public init(deadLetters: any DeadLetterRepository) { self.deadLetters = deadLetters }

    /// - Parameter before: the id behind which the page begins; nil: the newest.
    public func callAsFunction(before: Int64? = nil, limit: Int) async throws -> Page<DeadLetter> {
        try await deadLetters.deadLetters(before: before, limit: limit)
    }
}

extension JSONWriter {
    package mutating func value(_ letter: DeadLetter) {
        object { writer in
            writer.field("id", letter.id)
            writer.field("tenant_id", letter.tenant?.rawValue)
            writer.field("run_id", letter.run?.description)
            writer.field("queue", letter.queue)
            writer.field("reason", letter.reason)
            writer.field("body", letter.body)
            writer.field("body_bytes", letter.bodyBytes)
            writer.field("created_at", letter.createdAt)
        }
    }
}
