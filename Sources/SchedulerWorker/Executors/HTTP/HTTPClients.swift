import AsyncHTTPClient
import NIOCore
import NIOSSL
import Synchronization

/// The HTTP clients of the process: one for each time that a connection may take, since the library fixes that with the
/// client.
///
/// Made with the first call that asks for it, so that a worker without HTTP tasks touches none, and kept to the end of
/// the process, so that connections are used again. There are at most 60, as many as there are allowed times; without
/// connections each is a few kilobytes.
final class HTTPClients: Sendable {
    static let shared = HTTPClients()

    private let trustRoots: [NIOSSLCertificate]
    private let clients = Mutex<[Int: HTTPClient]>([:])

    /// - Parameter trustRoots: authorities that are trusted beside the system's.
    init(trusting trustRoots: [NIOSSLCertificate] = []) { self.trustRoots = trustRoots }

    func client(connectTimeoutSeconds seconds: Int) -> HTTPClient {
        clients.withLock { clients in
            if let client = clients[seconds] { return client }
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration(seconds))
            clients[seconds] = client
            return client
        }
    }

    /// Closes every connection; for clients that do not live as long as the process.
    func shutdown() async throws {
        let clients = clients.withLock { clients in
            defer { clients = [:] }
            return Array(clients.values)
        }
        for client in clients { try await client.shutdown() }
    }

    private func configuration(_ connectSeconds: Int) -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.additionalTrustRoots = trustRoots.isEmpty ? [] : [.certificates(trustRoots)]
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls,
            // Followed by the executor, which knows how many this task allows.
            redirectConfiguration: .disallow,
            timeout: HTTPClient.Configuration.Timeout(connect: .seconds(Int64(connectSeconds))))
        // The slots of the worker bound the calls. A lower bound here would let calls to one host wait for each other.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 100_000
        // One connection for many calls would share its limit of streams, and its end, among all of them.
        configuration.httpVersion = .http1Only
        // A refused connection is a result that the retry policy judges; the client must not try on its own.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }
}
