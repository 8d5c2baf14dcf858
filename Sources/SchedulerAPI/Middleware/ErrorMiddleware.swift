import HTTPTypes
import Hummingbird
import NIOCore

/// Turns whatever a route throws, and every path without a route, into the error envelope.
struct ErrorMiddleware: RouterMiddleware {
    let failures: FailureAnswers

    func handle(
        _ request: Request, context: APIRequestContext,
        next: (Request, APIRequestContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch  where Task.isCancelled {
            // Whoever cancelled it answers: the request's time is over, or its connection is gone.
            throw error
        } catch {
            return failures.response(to: error, request: request, logger: context.logger)
        }
    }
}
