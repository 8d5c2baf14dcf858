import NIOHTTP1
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("HTTP executor")
struct HTTPExecutorTests {
    private let executor = HTTPExecutor()

    private func context(_ config: JSONValue, command: String? = nil) -> RunContext {
        .fixture(.fixture(taskType: "http", executor: "http", command: command, config: config))
    }

    /// Runs the body with a server, which is stopped afterwards.
    private func withServer(
        _ respond: @escaping @Sendable (TinyHTTPServer.Request) -> TinyHTTPServer.Response,
        _ body: (TinyHTTPServer) async throws -> Void
    ) async throws {
        let server = try await TinyHTTPServer(respond)
        do {
            try await body(server)
        } catch {
            try await server.stop()
            throw error
        }
        try await server.stop()
    }

    @Test("a JSON body is sent, and the answer becomes the result")
    func posts() async throws {
        try await withServer { request in
            .init(status: 201, headers: ["Content-Type": "application/json", "X-Seen": "1"], body: request.body)
        } _: { server in
            let run = context([
                "url": .string(server.url + "/hook?a=1"), "method": "post", "headers": ["X-Own": "yes"],
                "body": ["n": 1],
            ])
            let result = try await executor.execute(run)
            #expect(result.success)
            #expect(result.exitCode == 201)
            #expect(result.result?["success"] == true)
            #expect(result.result?["result"] == ["n": 1])
            #expect(result.result?["metadata"]?["statusCode"] == 201)
            #expect(result.result?["metadata"]?["headers"]?["x-seen"] == "1")
            let request = try #require(server.requests.first)
            #expect(request.method == "POST")
            #expect(request.path == "/hook?a=1")
            #expect(request.body == #"{"n":1}"#)
            #expect(request.headers["Content-Type"] == ["application/json"])
            #expect(request.headers["X-Own"] == ["yes"])
            #expect(request.headers["Idempotency-Key"] == ["\(run.attempt.run)"])
            #expect(request.headers["Scheduler-Attempt"] == ["1"])
        }
    }

    @Test("a string body is sent as it is, and a text answer stays text")
    func raw() async throws {
        try await withServer {
            .init(body: "got \($0.body)")
        } _: { server in
            let result = try await executor.execute(
                context(["url": .string(server.url), "method": "PUT", "body": "a=b"]))
            #expect(result.result?["result"] == "got a=b")
        }
    }

    @Test("the same object is taken as JSON text in command")
    func inCommand() async throws {
        try await withServer { _ in
            .init(status: 204)
        } _: { server in
            let result = try await executor.execute(context([:], command: #"{"url":"\#(server.url)"}"#))
            #expect(result.exitCode == 204)
        }
    }

    @Test(
        "a status that is not expected is classified",
        arguments: [
            (404, ErrorType.user), (400, .user), (429, .system), (500, .system), (503, .system), (304, .system),
        ])
    func statuses(status: Int, type: ErrorType) async throws {
        try await withServer { _ in
            .init(status: status)
        } _: { server in
            let result = try await executor.execute(
                context(["url": .string(server.url), "retry_on_status_codes": [429]]))
            #expect(result.error == TaskResult.Failure(type, "answered with status \(status)"))
            #expect(result.exitCode == status)
        }
    }

    @Test("expected statuses replace 2xx", arguments: [JSONValue.integer(404), [200, 404]])
    func expected(statuses: JSONValue) async throws {
        try await withServer { _ in
            .init(status: 404)
        } _: { server in
            let result = try await executor.execute(
                context(["url": .string(server.url), "expected_status": statuses]))
            #expect(result.success)
        }
    }

    @Test("an answer that does not come in time is a TIMEOUT")
    func timeout() async throws {
        try await withServer { _ in
            .init(isSilent: true)
        } _: { server in
            let result = try await executor.execute(context(["url": .string(server.url), "timeout_seconds": 0.2]))
            #expect(result.error?.type == .timeout)
        }
    }

    @Test("the run's time limits the call's")
    func runLimit() async throws {
        try await withServer { _ in
            .init(isSilent: true)
        } _: { server in
            var run = context(["url": .string(server.url)])
            run.timeout = .milliseconds(200)
            let result = try await executor.execute(run)
            #expect(result.error?.type == .timeout)
        }
    }

    @Test("a refused connection, an unknown name and a hang-up are NETWORK_ERROR")
    func network() async throws {
        try await withServer { _ in
            .init(hangsUp: true)
        } _: { server in
            let result = try await executor.execute(context(["url": .string(server.url)]))
            #expect(result.error?.type == .network)
        }
        for url in ["http://127.0.0.1:1/", "http://no-such-name.invalid/", "https://127.0.0.1:1/"] {
            let result = try await executor.execute(context(["url": .string(url), "timeout_seconds": 20]))
            #expect(result.error?.type == .network, "\(url): \(String(describing: result.error))")
        }
    }

    @Test("a server without TLS is a NETWORK_ERROR for https")
    func noTLS() async throws {
        try await withServer { _ in
            .init()
        } _: { server in
            let url = JSONValue.string("https://127.0.0.1:\(server.port)/")
            let result = try await executor.execute(context(["url": url]))
            #expect(result.error?.type == .network)
        }
    }

    @Test("at most five redirects are followed")
    func redirects() async throws {
        try await withServer { request in
            let left = Int(request.path.dropFirst()) ?? 0
            return left == 0
                ? .init(body: "arrived") : .init(status: 302, headers: ["Location": "/\(left - 1)"])
        } _: { server in
            let five = try await executor.execute(context(["url": .string(server.url + "/5")]))
            #expect(five.result?["result"] == "arrived")
            let six = try await executor.execute(context(["url": .string(server.url + "/6")]))
            #expect(six.error?.type == .system)
        }
    }

    @Test("a long body is cut at 1 MiB")
    func longBody() async throws {
        try await withServer { _ in
            .init(body: String(repeating: "x", count: 3_000_000))
        } _: { server in
            let result = try await executor.execute(context(["url": .string(server.url)]))
            #expect(result.success)
            let text = result.result?["result"]?.string ?? ""
            #expect(text.utf8.count < HTTPExecutor.bodyLimit + 100)
            #expect(text.contains("the rest was not read"))
        }
    }

    @Test("NUL in an answer is replaced")
    func withoutNUL() async throws {
        try await withServer { _ in
            .init(body: "a\0b")
        } _: { server in
            let result = try await executor.execute(context(["url": .string(server.url)]))
            #expect(result.result?["result"] == "a\u{FFFD}b")
        }
    }

    @Test("a connection is used again")
    func reuse() async throws {
        try await withServer { _ in
            .init(body: "ok")
        } _: { server in
            for _ in 0..<5 { _ = try await executor.execute(context(["url": .string(server.url)])) }
            #expect(Set(server.requests.map(\.connection)) == [1])
        }
    }

    @Test("cancelling ends the call")
    func cancels() async throws {
        try await withServer { _ in
            .init(isSilent: true)
        } _: { server in
            let run = context(["url": .string(server.url)])
            let work = Task { try await executor.execute(run) }
            try await eventually("the server has the request") { !server.requests.isEmpty }
            work.cancel()
            await #expect(throws: CancellationError.self) { try await work.value }
        }
    }

    @Test("all faults of a configuration are named at once")
    func faults() async throws {
        let error = await #expect(throws: SchedulerError.self) {
            try await executor.execute(
                context([
                    "url": "ftp://x", "method": "BREW", "headers": ["A": 1], "timeout_seconds": 0,
                    "expected_status": [99], "retry_on_status_codes": "x", "colour": "red",
                ]))
        }
        #expect(error?.code == .validation)
        #expect(
            error?.faults.map(\.field) == [
                "config.url", "config.method", "config.headers.A", "config.timeout_seconds", "config.expected_status",
                "config.retry_on_status_codes", "config.colour",
            ])
    }
}
