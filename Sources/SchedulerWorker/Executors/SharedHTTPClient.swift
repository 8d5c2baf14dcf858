import AsyncHTTPClient
import NIOCore

/// The one HTTP client of the process: made with the first call, so that a worker without HTTP tasks does not touch
/// it, and kept to the end of the process, so that connections are used again.
enum SharedHTTPClient {
    static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .follow(max: 5, allowCycles: false),
            timeout: HTTPClient.Configuration.Timeout(connect: .seconds(10)))
        // A refused connection is a result that the retry policy judges; the client must not try on its own.
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()
}
