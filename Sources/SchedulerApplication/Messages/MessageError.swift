/// Why a message cannot be handled: the reason under which it is parked.
public enum MessageError: Error, Sendable, Hashable, CustomStringConvertible {
    /// It is no JSON, or a field is missing or wrong.
    case malformed(String)
    /// A newer process wrote it in a way that we do not know.
    case unsupportedVersion(Int64)
    /// No message type of ours.
    case unknownType(String)
    /// A type that does not belong on the queue it came from.
    case misplaced(MessageType)
    /// More bytes than any message of ours has.
    case tooLarge(bytes: Int)

    public var description: String {
        switch self {
        case .malformed(let fault): "malformed message: \(fault)"
        case .unsupportedVersion(let version): "unsupported message version \(version)"
        case .unknownType(let name): "unknown message type \"\(name.prefix(100))\""
        case .misplaced(let type): "a \(type.rawValue) message does not belong on this queue"
        case .tooLarge(let bytes): "a message of \(bytes) bytes is too large"
        }
    }
}
