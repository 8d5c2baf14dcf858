import AsyncHTTPClient
import NIOCore
import SchedulerDomain
import SchedulerErrors

/// Classes of failed calls.
enum HTTPFailure {
    /// A status that was not expected. 4xx means that the request is wrong, unless the task lists it for retry.
    static func classify(status: Int, retried: Set<Int>) -> TaskResult.Failure {
        let isOfCaller = (400..<500).contains(status) && !retried.contains(status)
        return TaskResult.Failure(isOfCaller ? .user : .system, "answered with status \(status)")
    }

    /// A call without an answer.
    static func classify(_ error: any Error) -> TaskResult.Failure {
        switch error {
        case let error as SchedulerError where error.code == .timeout: return .init(.timeout, error.message)
        case let error as HTTPClientError: return classify(error)
        case ChannelError.connectTimeout: return .init(.timeout, "the connection took too long")
        default: return .init(.network, "no answer: \(String(describing: error).withoutNUL)")
        }
    }

    private static func classify(_ error: HTTPClientError) -> TaskResult.Failure {
        let message = "no answer: \(error.shortDescription)"
        return switch error {
        case .connectTimeout, .readTimeout, .writeTimeout, .deadlineExceeded, .tlsHandshakeTimeout,
            .getConnectionFromPoolTimeout:
            .init(.timeout, message)
        case .invalidURL, .emptyHost, .emptyScheme, .missingSocketPath, .traceRequestWithBody:
            .init(.validation, message)
        case .redirectLimitReached, .redirectCycleDetected: .init(.system, message)
        default:
            // These two carry values, so that they can only be known by their words.
            message.contains("Invalid header") || message.contains("Unsupported scheme")
                ? .init(.validation, message) : .init(.network, message)
        }
    }
}
