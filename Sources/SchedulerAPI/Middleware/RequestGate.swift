import HTTPTypes
import Hummingbird
import Logging
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

/// What stands before the router: it names the request, bounds its time and writes the access log.
///
/// It is a responder and no middleware, because the time limit runs the route in a child task, which a middleware's
/// `next` may not enter.
struct RequestGate<Base: HTTPResponder<APIRequestContext>>: HTTPResponder {
    let base: Base
    let timeout: Duration
    let failures: FailureAnswers

    func respond(to request: Request, context: APIRequestContext) async throws -> Response {
        var context = context
        let id = request.requestID(ours: context.id)
        context.logger[metadataKey: "request.id"] = "\(id)"
        let start = ContinuousClock.now
        var response = await answer(request, context)
        response.headers[.xRequestID] = id
        context.logger.debug(
            "\(request.method.rawValue) \(request.uri.path) answered \(response.status.code)",
            metadata: [LogKey.duration: "\((ContinuousClock.now - start).milliseconds)"])
        return response
    }

    private func answer(_ request: Request, _ context: APIRequestContext) async -> Response {
        do {
            return try await withTimeout(timeout, "the request") { [base, context] in
                try await base.respond(to: request, context: context)
            }
        } catch {
            return failures.response(to: error, request: request, logger: context.logger)
        }
    }
}
