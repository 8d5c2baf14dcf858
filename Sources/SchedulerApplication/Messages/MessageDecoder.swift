public import SchedulerDomain

/// A message that was understood.
public struct IncomingMessage: Sendable, Hashable {
    public var envelope: MessageEnvelope
    public var content: Content

    public enum Content: Sendable, Hashable {
        case taskExecution([RunAttempt])
        case statusUpdate([RunOutcome])
        case workerHeartbeat(Heartbeat)
        case workerRegistration(WorkerInfo)
        case systemCommand(SystemCommand)
        case healthCheck
    }
}

/// Reads messages; whatever it refuses is parked under the reason that it throws, and never sent back to the queue.
public enum MessageDecoder {
    /// More bytes than any message of ours has: a parcel of outcomes is closed at 1 MiB, and one result is capped.
    public static let maxBytes = 16 << 20

    /// Reads any message.
    public static func decode(_ body: [UInt8]) throws(MessageError) -> IncomingMessage {
        guard body.count <= maxBytes else { throw .tooLarge(bytes: body.count) }
        let fields = try MessageFields(try parse(body), path: "")
        let envelope = try MessageEnvelope(fields)
        let content: IncomingMessage.Content =
            switch envelope.type {
            case .taskExecution: .taskExecution(try TaskExecutionMessage(fields).attempts)
            case .taskStatusUpdate: .statusUpdate(try TaskStatusUpdateMessage(fields).outcomes)
            case .workerHeartbeat: .workerHeartbeat(try Heartbeat(fields))
            case .workerRegistration: .workerRegistration(try WorkerInfo(fields, at: envelope.timestamp))
            case .systemCommand: .systemCommand(try SystemCommand(fields))
            case .healthCheck: .healthCheck
            }
        return IncomingMessage(envelope: envelope, content: content)
    }

    /// Reads a message of the status queue.
    ///
    /// - Throws: `misplaced` for any other type.
    public static func outcomes(in body: [UInt8]) throws(MessageError) -> [RunOutcome] {
        let message = try decode(body)
        guard case .statusUpdate(let outcomes) = message.content else { throw .misplaced(message.envelope.type) }
        return outcomes
    }

    /// Reads a message of a task queue.
    ///
    /// - Throws: `misplaced` for any other type.
    public static func attempts(in body: [UInt8]) throws(MessageError) -> [RunAttempt] {
        let message = try decode(body)
        guard case .taskExecution(let attempts) = message.content else { throw .misplaced(message.envelope.type) }
        return attempts
    }

    private static func parse(_ body: [UInt8]) throws(MessageError) -> JSONValue {
        let parsed = body.withUnsafeBytes { bytes in
            Result { () throws(JSONSyntaxError) in try JSONValue(parsing: bytes) }
        }
        switch parsed {
        case .success(let value): return value
        case .failure(let error): throw .malformed("the body is not JSON (\(error))")
        }
    }
}
