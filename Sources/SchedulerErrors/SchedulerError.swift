/// The one error of the system: what went wrong, in a sentence that is safe to show to a caller.
///
/// `description` never holds the inner text of a database, a queue or a secret; `debugDescription` adds the
/// underlying error for logs. Each edge maps `code` once: HTTP in `SchedulerAPI`, the exit code in `scheduler`.
public struct SchedulerError: Error, Sendable {
    /// What kind of fault it is; a plain enum, so that the compiler asks every edge about a new case.
    public enum Code: String, Sendable, CaseIterable {
        /// The input is wrong; `faults` names each field.
        case validation
        /// What was asked for does not exist, or belongs to another tenant.
        case notFound
        /// The state of the object does not allow it, or somebody else changed it first.
        case conflict
        /// A unique name or key is taken.
        case alreadyExists
        /// The configuration is wrong; the process cannot start.
        case configuration
        /// The store refused or failed a statement for a reason that a repetition does not mend.
        case database
        /// The store cannot be reached, or gave up; a repetition may succeed.
        case storeUnavailable
        /// The connection was lost while a change was under way: it may have been made or not.
        case outcomeUnknown
        /// The transaction lost against a concurrent one (deadlock, serialisation) and may be repeated whole.
        case transactionConflict
        /// The message queue failed or cannot be reached.
        case messageQueue
        /// An executor could not do its work.
        case execution
        /// No or wrong credentials.
        case unauthorized
        /// The credentials do not allow it.
        case forbidden
        /// A quota of the tenant is used up.
        case quota
        /// A distributed lock could not be acquired.
        case lockNotAcquired
        /// A lock or a leader's term was lost to another owner.
        case lockLost
        /// A call did not end within its time.
        case timeout
        /// A bounded buffer is full.
        case overloaded
        /// The process is starting or stopping and does not serve.
        case unavailable
        /// A fault of our own.
        case `internal`
    }

    /// One fault of one field of an input.
    public struct FieldFault: Sendable, Hashable, Codable {
        /// The path of the field as the caller wrote it, for example `retry_policy.delay_ms`.
        public let field: String
        /// What is wrong with it, and what is allowed.
        public let message: String

        public init(field: String, message: String) {
            self.field = field
            self.message = message
        }
    }

    public let code: Code
    /// A sentence that says what, where and what to do.
    public let message: String
    /// All faults of an input, in the order of its fields; empty where there is no input.
    public let faults: [FieldFault]
    /// Fields for the log, keyed as in `LogKey`; safe to show.
    public let context: [String: String]
    /// The cause, for the log only.
    public let underlying: (any Error)?

    public init(
        _ code: Code,
        _ message: String,
        faults: [FieldFault] = [],
        context: [String: String] = [:],
        underlying: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.faults = faults
        self.context = context
        self.underlying = underlying
    }

    /// A validation error for one field.
    public static func invalid(_ field: String, _ message: String) -> SchedulerError {
        .invalid([FieldFault(field: field, message: message)])
    }

    /// A validation error that reports every fault of one input.
    ///
    /// - Precondition: `faults` is not empty.
    public static func invalid(_ faults: [FieldFault]) -> SchedulerError {
        precondition(!faults.isEmpty, "a validation error needs a fault")
        let summary = faults.map { "\($0.field): \($0.message)" }.joined(separator: "; ")
        return SchedulerError(.validation, summary, faults: faults)
    }

    /// Whether the same call may succeed later without any change by the caller.
    public var isTransient: Bool {
        switch code {
        case .storeUnavailable, .outcomeUnknown, .transactionConflict, .messageQueue, .timeout, .overloaded,
            .unavailable, .lockNotAcquired:
            true
        case .validation, .notFound, .conflict, .alreadyExists, .configuration, .database, .execution, .unauthorized,
            .forbidden, .quota, .lockLost, .internal:
            false
        }
    }
}

extension SchedulerError: CustomStringConvertible, CustomDebugStringConvertible {
    public var description: String { message }

    public var debugDescription: String {
        var text = "\(code.rawValue): \(message)"
        if !context.isEmpty {
            text +=
                " [" + context.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ") + "]"
        }
        if let underlying { text += " (\(String(reflecting: underlying)))" }
        return text
    }
}

/// The result of an operation of ours that reports its error as a value.
public typealias SchedulerResult<Success> = Result<Success, SchedulerError>
