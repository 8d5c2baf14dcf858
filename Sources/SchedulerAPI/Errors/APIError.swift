import HTTPTypes
import SchedulerErrors

/// An error as it goes over the wire.
struct APIError: Error, Sendable {
    let status: HTTPResponse.Status
    /// The stable code that callers may decide by.
    let code: String
    let message: String
    let details: [SchedulerError.FieldFault]
    var headers: HTTPFields

    init(
        _ status: HTTPResponse.Status,
        _ code: String,
        _ message: String,
        details: [SchedulerError.FieldFault] = [],
        headers: HTTPFields = [:]
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.headers = headers
    }

    /// The answer of a path that leads nowhere.
    static func noSuchRoute(_ path: String) -> APIError {
        APIError(.notFound, "NOT_FOUND", "there is nothing at \(path)")
    }

    /// The answer of a path that exists for other methods.
    static func methodNotAllowed(_ method: HTTPRequest.Method, allowed: [HTTPRequest.Method]) -> APIError {
        let list = allowed.map(\.rawValue).joined(separator: ", ")
        return APIError(
            .methodNotAllowed, "METHOD_NOT_ALLOWED", "\(method.rawValue) is not allowed here; use \(list)",
            headers: [.allow: list])
    }

    static func bodyTooLarge(limit: Int) -> APIError {
        APIError(.contentTooLarge, "BODY_TOO_LARGE", "the body is larger than the \(limit) bytes that are allowed")
    }

    static func unsupportedMediaType(_ message: String) -> APIError {
        APIError(.unsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", message)
    }

    /// A well-formed body whose every part is valid, but which cannot be processed as a whole: a batch without runs,
    /// with too many, or with tasks that do not exist.
    ///
    /// Faults of syntax, type or value are 400 instead.
    static func unprocessable(_ message: String, details: [SchedulerError.FieldFault] = []) -> APIError {
        APIError(.unprocessableContent, "UNPROCESSABLE", message, details: details)
    }
}
