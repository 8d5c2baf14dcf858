import NIOHTTP1
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("HTTP calls that go wrong")
struct HTTPFaultTests {
    private let executor = HTTPExecutor()

    /// Calls a server that misbehaves; no connection is left afterwards.
    private func call(
        _ way: TinyHTTPServer.Response.Way, _ config: [String: JSONValue] = [:]
    ) async throws -> TaskResult {
        let server = try await TinyHTTPServer { _ in .init(way: way) }
        let config = config.merging(["url": .string(server.url)]) { $1 }
        let result = try await executor.execute(.http(.object(config)))
        try await eventually("no connection is left") { server.openConnections == 0 }
        try await server.stop()
        return result
    }

    @Test("a server that accepts and never answers is a TIMEOUT")
    func silent() async throws {
        let result = try await call(.silent, ["timeout_seconds": 0.2])
        #expect(result.error?.type == .timeout)
        #expect(result.result == ["success": false, "result": nil, "metadata": [:]])
    }

    @Test("a body that stops in the middle is a TIMEOUT")
    func stopsInBody() async throws {
        #expect(try await call(.stopsInBody, ["timeout_seconds": 0.2]).error?.type == .timeout)
    }

    @Test("an endless body is read to the limit and no further")
    func endlessBody() async throws {
        let result = try await call(.endlessBody)
        #expect(result.success)
        #expect(result.stdout.utf8.count < HTTPExecutor.bodyLimit + 100)
        #expect(result.stdout.hasSuffix("[… the rest was not read …]\n"))
        #expect(result.result?["metadata"]?["truncated"] == true)
    }

    @Test("endless headers are a NETWORK_ERROR")
    func endlessHeaders() async throws {
        let result = try await call(.endlessHeaders)
        #expect(result.error?.type == .network, "\(String(describing: result.error))")
    }

    @Test("a server that closes or resets the connection is a NETWORK_ERROR")
    func closed() async throws {
        #expect(try await call(.hangsUp).error == .init(.network, "no answer: the server closed the connection"))
        let reset = try await call(.resets)
        #expect(reset.error?.type == .network)
        #expect(reset.error?.message.contains("reset") == true, "\(String(describing: reset.error))")
    }

    @Test("a refused connection and an unknown name are a NETWORK_ERROR that says so")
    func unreachable() async throws {
        for (url, words) in [
            ("http://127.0.0.1:1/", "refused"), ("https://127.0.0.1:1/", "refused"),
            ("http://no-such-name.invalid/", "\"no-such-name.invalid\" cannot be resolved"),
        ] {
            let result = try await executor.execute(.http(["url": .string(url), "timeout_seconds": 20]))
            #expect(result.error?.type == .network)
            #expect(result.error?.message.contains(words) == true, "\(String(describing: result.error))")
        }
    }

    @Test("a connection that is not made in its own time is a TIMEOUT long before the call's")
    func connectTimeout() async throws {
        // It never sees a request: TLS waits for an answer to its greeting, which is no HTTP.
        let server = try await SilentListener()
        let result = try await executor.execute(
            .http([
                "url": .string("https://127.0.0.1:\(server.port)/"), "connect_timeout_seconds": 1,
                "timeout_seconds": 600,
            ]))
        #expect(result.error == .init(.timeout, "the connection took too long"))
        try await server.stop()
    }

    @Test("a server without TLS is a NETWORK_ERROR for https")
    func noTLS() async throws {
        try await TinyHTTPServer.with { _ in
            .init()
        } _: { server in
            let result = try await executor.execute(.http(["url": .string("https://127.0.0.1:\(server.port)/")]))
            #expect(result.error?.type == .network)
        }
    }

    @Test("cancelling in the middle of a body ends the call and its connection")
    func cancels() async throws {
        let server = try await TinyHTTPServer { _ in .init(way: .stopsInBody) }
        let run = RunContext.http(["url": .string(server.url)])
        let work = Task { try await executor.execute(run) }
        try await eventually("the server has the request") { !server.requests.isEmpty }
        work.cancel()
        await #expect(throws: CancellationError.self) { try await work.value }
        try await eventually("no connection is left") { server.openConnections == 0 }
        try await server.stop()
    }
}

@Suite("HTTP over TLS")
struct HTTPCertificateTests {
    /// Calls a server with the certificate, as a client that trusts the tests' authority.
    private func call(_ certificate: TestCertificate) async throws -> TaskResult {
        let clients = HTTPClients(trusting: [try TestCertificate.authority()])
        let server = try await TinyHTTPServer(certificate: certificate) { _ in .init(body: "safe") }
        let result = try await HTTPExecutor(clients: clients).execute(.http(["url": .string(server.url)]))
        try await clients.shutdown()
        try await eventually("no connection is left") { server.openConnections == 0 }
        #expect(server.requests.count == (result.success ? 1 : 0))
        try await server.stop()
        return result
    }

    @Test("a certificate of a trusted authority for this host is taken")
    func good() async throws {
        #expect(try await call(.good).result?["result"] == "safe")
    }

    @Test(
        "one that has expired, or that only vouches for itself, is a NETWORK_ERROR",
        arguments: [
            TestCertificate.expired, .selfSigned,
        ])
    func distrusted(certificate: TestCertificate) async throws {
        let error = try await call(certificate).error
        #expect(
            error
                == .init(
                    .network,
                    "no answer: the server's certificate is not trusted: it is expired, or its issuer is unknown here"))
    }

    @Test("one for another host is a NETWORK_ERROR")
    func elsewhere() async throws {
        let error = try await call(.elsewhere).error
        #expect(error == .init(.network, "no answer: the server's certificate is for another host"))
    }
}
