import HTTPTypes
import SchedulerErrors

extension SchedulerError.Code {
    /// The one table from our errors to HTTP.
    var http: (status: HTTPResponse.Status, code: String) {
        switch self {
        case .validation: (.badRequest, "VALIDATION_ERROR")
        case .unauthorized: (.unauthorized, "UNAUTHORIZED")
        case .forbidden: (.forbidden, "FORBIDDEN")
        case .notFound: (.notFound, "NOT_FOUND")
        case .conflict: (.conflict, "CONFLICT")
        case .alreadyExists: (.conflict, "ALREADY_EXISTS")
        case .lockLost: (.conflict, "LOCK_LOST")
        case .quota: (.tooManyRequests, "QUOTA_EXCEEDED")
        case .storeUnavailable: (.serviceUnavailable, "STORE_UNAVAILABLE")
        case .outcomeUnknown: (.serviceUnavailable, "OUTCOME_UNKNOWN")
        case .transactionConflict: (.serviceUnavailable, "TRANSACTION_CONFLICT")
        case .messageQueue: (.serviceUnavailable, "QUEUE_UNAVAILABLE")
        case .lockNotAcquired: (.serviceUnavailable, "LOCK_ACQUISITION_FAILED")
        case .timeout: (.serviceUnavailable, "TIMEOUT")
        case .overloaded: (.serviceUnavailable, "OVERLOADED")
        case .unavailable: (.serviceUnavailable, "UNAVAILABLE")
        case .configuration, .database, .execution, .internal: (.internalServerError, "INTERNAL_ERROR")
        }
    }

    /// What a caller is told instead of the error's own message, where that is about our inside.
    fileprivate var neutralMessage: String? {
        switch self {
        case .storeUnavailable: "the store cannot be reached; try again in a moment"
        case .outcomeUnknown: "the store did not answer: the change may have been made or not; look before repeating it"
        case .transactionConflict: "others changed the same at the same time; try again in a moment"
        case .messageQueue: "the message queue cannot be reached; try again in a moment"
        case .timeout: "the request took too long and was given up; a change in it may have been made or not"
        case .configuration, .database, .execution, .internal: "something went wrong on our side; it has been logged"
        case .validation, .unauthorized, .forbidden, .notFound, .conflict, .alreadyExists, .lockLost, .quota,
            .lockNotAcquired, .overloaded, .unavailable:
            nil
        }
    }

    /// Whether the same request may succeed soon and be repeated without harm.
    fileprivate var isRetriable: Bool {
        switch self {
        case .storeUnavailable, .transactionConflict, .messageQueue, .lockNotAcquired, .timeout, .overloaded,
            .unavailable, .quota:
            true
        case .validation, .notFound, .conflict, .alreadyExists, .configuration, .database, .outcomeUnknown, .execution,
            .unauthorized, .forbidden, .lockLost, .internal:
            false
        }
    }
}

extension APIError {
    init(_ error: SchedulerError) {
        let (status, code) = error.code.http
        self.init(
            status, code, error.code.neutralMessage ?? error.message, details: error.faults,
            headers: error.code.isRetriable ? [.retryAfter: "1"] : [:])
    }
}
