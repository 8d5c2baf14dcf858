import HTTPTypes
import Hummingbird

typealias RouteHandler = @Sendable (Request, APIRequestContext) async throws -> Response

extension Router where Context == APIRequestContext {
    /// Adds a path with its methods; every other method is answered with 405 that names them.
    ///
    /// HEAD goes where GET does.
    func endpoint(_ path: RouterPath, _ handlers: KeyValuePairs<HTTPRequest.Method, RouteHandler>) {
        var allowed = handlers.map(\.key)
        if allowed.contains(.get) { allowed.append(.head) }
        for (method, handler) in handlers { on(path, method: method, use: handler) }
        let others: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options, .trace, .connect]
        for method in others where !allowed.contains(method) {
            on(path, method: method) { [allowed] (_, _) -> Response in
                throw APIError.methodNotAllowed(method, allowed: allowed)
            }
        }
    }
}
