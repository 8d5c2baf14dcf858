public import SchedulerDomain

/// Runs that may be started: a hint, since the receiver must still win the claim in the store.
///
/// It holds no command and no secret; the claim returns them.
public struct TaskExecutionMessage: Sendable, Hashable {
    /// The most runs in one message on `task.*`.
    public static let maxAttempts = 32

    public var attempts: [RunAttempt]

    public init(attempts: [RunAttempt]) { self.attempts = attempts }

    /// The message as bytes, in an envelope of its own.
    public func encoded(at now: UTCInstant) -> [UInt8] { encoded(in: MessageEnvelope(.taskExecution, at: now)) }

    public func encoded(in envelope: MessageEnvelope) -> [UInt8] {
        envelope.encoded { bytes in
            bytes.writeList(attempts) { attempt, bytes in
                bytes.writeObject { attempt.write(into: &$0) }
            }
        }
    }

    init(_ fields: MessageFields) throws(MessageError) {
        var attempts: [RunAttempt] = []
        for object in try fields.objects("payload") { attempts.append(try RunAttempt(object)) }
        self.attempts = attempts
    }
}
