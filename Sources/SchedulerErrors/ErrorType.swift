/// Why an attempt failed, classified once by the worker; the retry policy decides by it.
public enum ErrorType: String, Sendable, Codable, CaseIterable {
    /// The run or a call in it exceeded its time.
    case timeout = "TIMEOUT"
    /// A name did not resolve, a connection was refused, reset, or failed its TLS handshake.
    case network = "NETWORK_ERROR"
    /// The task is wrong: a bad configuration, no such program.
    case validation = "VALIDATION_ERROR"
    /// All else: a non-zero exit, a signal, an HTTP 5xx.
    case system = "SYSTEM_ERROR"
    /// The task itself says that its input is at fault: HTTP 4xx not listed for retry.
    case user = "USER_ERROR"

    /// Whether an attempt that failed so is repeated where the policy names no types.
    public var isRetriedByDefault: Bool {
        switch self {
        case .timeout, .network, .system: true
        case .validation, .user: false
        }
    }
}
