import Hummingbird
import SchedulerErrors

extension APIError {
    /// The wire form of whatever a handler threw.
    init(mapping error: any Error, path: String) {
        switch error {
        case let error as APIError: self = error
        case let error as SchedulerError: self.init(error)
        case is CancellationError:
            self.init(SchedulerError(.unavailable, "the server is stopping; try again in a moment"))
        case let error as HTTPError where error.status == .notFound: self = .noSuchRoute(path)
        case let error as HTTPError where error.status.kind == .clientError:
            self.init(error.status, "BAD_REQUEST", error.body ?? error.status.reasonPhrase)
        default: self.init(SchedulerError(.internal, "an unexpected error", underlying: error))
        }
    }
}
