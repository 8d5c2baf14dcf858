import Hummingbird
import Logging
import SchedulerErrors
import SchedulerFoundation

/// Answers errors, and logs the ones that are ours: once, here, where they are handled.
struct FailureAnswers: Sendable {
    let envelope: Envelope

    func response(to error: any Error, request: Request, logger: Logger) -> Response {
        let answer = APIError(mapping: error, path: request.uri.path)
        if answer.status.kind == .serverError { log(error, answer, request, logger) }
        return envelope.failure(answer)
    }

    private func log(_ error: any Error, _ answer: APIError, _ request: Request, _ logger: Logger) {
        let isOurs = answer.status == .internalServerError
        logger.log(
            level: isOurs ? .error : .warning,
            "\(request.method.rawValue) \(request.uri.path) failed with \(answer.status.code)",
            metadata: [LogKey.errorCode: "\(answer.code)", LogKey.error: "\(String(reflecting: error))"])
    }
}
