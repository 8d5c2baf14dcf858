public import SchedulerDomain

/// What a message is about; the names on the wire.
public enum MessageType: String, Sendable, Hashable, CaseIterable {
    /// Runs that may be started.
    case taskExecution = "TaskExecution"
    /// What attempts came to.
    case taskStatusUpdate = "TaskStatusUpdate"
    case workerHeartbeat = "WorkerHeartbeat"
    case workerRegistration = "WorkerRegistration"
    /// Something that a worker shall do.
    case systemCommand = "SystemCommand"
    /// A probe of the way through the broker.
    case healthCheck = "HealthCheck"
}

/// What every message has beside its payload.
///
/// Old and new processes run side by side: readers ignore fields that they do not know, and park a version that they
/// do not know. The version grows only when an old reader would misread a new message.
public struct MessageEnvelope: Sendable, Hashable {
    /// The version that we write, and the highest that we read.
    public static let currentVersion: Int64 = 1

    /// Unique per message; a UUID of version 7 where we write it.
    public var id: String
    public var type: MessageType
    /// What ties an answer to its question.
    public var correlationID: String?
    public var timestamp: UTCInstant
    /// How often the sender sent this before.
    public var retryCount: Int
    /// Worth nothing after this time; nil: never.
    public var expiresAt: UTCInstant?

    /// - Parameter id: nil for a fresh one.
    public init(
        _ type: MessageType,
        at timestamp: UTCInstant,
        id: String? = nil,
        correlationID: String? = nil,
        retryCount: Int = 0,
        expiresAt: UTCInstant? = nil
    ) {
        self.id = id ?? RunID(at: timestamp).description
        self.type = type
        self.correlationID = correlationID
        self.timestamp = timestamp
        self.retryCount = retryCount
        self.expiresAt = expiresAt
    }

    public func isExpired(at now: UTCInstant) -> Bool { expiresAt.map { $0 <= now } ?? false }
}

extension MessageEnvelope {
    /// The JSON of the whole message, in UTF-8.
    ///
    /// - Parameter payload: appends the payload, one JSON value.
    func encoded(payload: (inout [UInt8]) -> Void) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        bytes.writeObject { object in
            object.member("id", id)
            object.member("message_type", type.rawValue)
            object.member("correlation_id", correlationID)
            object.member("timestamp", timestamp)
            object.member("retry_count", retryCount)
            object.member("expires_at", expiresAt)
            object.member("version", Int(MessageEnvelope.currentVersion))
            object.member("payload", writtenBy: payload)
        }
        return bytes
    }

    /// - Throws: `unsupportedVersion` and `unknownType` before any other fault, because they say most.
    init(_ fields: MessageFields) throws(MessageError) {
        let version = try fields.integer("version")
        guard (1...MessageEnvelope.currentVersion).contains(version) else { throw .unsupportedVersion(version) }
        let name = try fields.string("message_type")
        guard let type = MessageType(rawValue: name) else { throw .unknownType(name) }
        self.type = type
        id = try fields.string("id")
        correlationID = try fields.optionalString("correlation_id")
        timestamp = try fields.instant("timestamp")
        retryCount = Int(clamping: try fields.optionalInteger("retry_count") ?? 0)
        expiresAt = try fields.optionalInstant("expires_at")
    }
}
