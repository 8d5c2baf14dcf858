import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SchedulerDomain
import SchedulerErrors

/// Classes of failed calls.
enum HTTPFailure {
    /// A chain of redirects that does not end in an answer.
    struct Redirects: Error {
        var message: String
    }

    /// A status that was not expected.
    ///
    /// 4xx means that the request is wrong, unless the task lists it for retry.
    static func classify(status: Int, retried: Set<Int>) -> TaskResult.Failure {
        let isOfCaller = (400..<500).contains(status) && !retried.contains(status)
        return TaskResult.Failure(isOfCaller ? .user : .system, "answered with status \(status)")
    }

    /// A call without an answer.
    static func classify(_ error: any Error) -> TaskResult.Failure {
        switch error {
        case let error as Redirects: .init(.system, error.message)
        case let error as SchedulerError where error.code == .timeout: .init(.timeout, error.message)
        case ChannelError.connectTimeout: .init(.timeout, "the connection took too long")
        case let error as HTTPClientError: classify(error)
        default: .init(.network, "no answer: \(reason(error))")
        }
    }

    private static func classify(_ error: HTTPClientError) -> TaskResult.Failure {
        switch error {
        case .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout:
            .init(.timeout, "the connection took too long")
        case .readTimeout, .writeTimeout, .deadlineExceeded: .init(.timeout, "no answer in time")
        case .invalidURL, .emptyHost, .emptyScheme: .init(.validation, "the URL cannot be called")
        case .remoteConnectionClosed: .init(.network, "no answer: the server closed the connection")
        default: .init(.network, "no answer: \(error.shortDescription)")
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError: unconnected(error)
        case let error as IOError: systemMessage(error.errnoCode)
        case NIOSSLError.handshakeFailed(let cause): handshake("\(cause)")
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            "the server's certificate is for another host"
        case is HTTPParserError: "the server does not speak HTTP, or its headers are too large"
        default: "\(error)".withoutNUL
        }
    }

    private static func unconnected(_ error: NIOConnectionError) -> String {
        guard let first = error.connectionErrors.first else { return "the name \"\(error.host)\" cannot be resolved" }
        let cause = (first.error as? IOError).map { systemMessage($0.errnoCode) } ?? "\(first.error)"
        return "cannot connect to \(error.host):\(error.port): \(cause)"
    }

    /// The library tells its kinds of distrust apart in words alone, and not why a chain is not trusted.
    private static func handshake(_ cause: String) -> String {
        cause.contains("CERTIFICATE_VERIFY_FAILED")
            ? "the server's certificate is not trusted: it is expired, or its issuer is unknown here"
            : "the TLS handshake failed: \(cause)".withoutNUL
    }
}
