import Glibc
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
        .http(config, command: command)
    }

    @Test("a JSON body is sent, and the answer becomes the result")
    func posts() async throws {
        try await TinyHTTPServer.with { request in
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
        try await TinyHTTPServer.with {
            .init(body: "got \($0.body)")
        } _: { server in
            let result = try await executor.execute(
                context(["url": .string(server.url), "method": "PUT", "body": "a=b"]))
            #expect(result.result?["result"] == "got a=b")
        }
    }

    @Test("the same object is taken as JSON text in command")
    func inCommand() async throws {
        try await TinyHTTPServer.with { _ in
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
        try await TinyHTTPServer.with { _ in
            .init(status: status)
        } _: { server in
            let result = try await executor.execute(
                context(["url": .string(server.url), "retry_on_status_codes": [429]]))
            #expect(result.error == TaskResult.Failure(type, "answered with status \(status)"))
            #expect(result.exitCode == status)
        }
    }

    @Test("expected statuses replace 2xx", arguments: [JSONValue.integer(404), [200, 404], "4xx", ["2xx", 404]])
    func expected(statuses: JSONValue) async throws {
        try await TinyHTTPServer.with { _ in
            .init(status: 404)
        } _: { server in
            let result = try await executor.execute(
                context(["url": .string(server.url), "expected_status": statuses]))
            #expect(result.success)
        }
    }

    @Test("a status that is listed for retry is never a success")
    func retriedSuccess() async throws {
        try await TinyHTTPServer.with { _ in
            .init(status: 202)
        } _: { server in
            let result = try await executor.execute(
                context(["url": .string(server.url), "retry_on_status_codes": 202]))
            #expect(result.error?.type == .system)
        }
    }

    @Test("the run's time limits the call's")
    func runLimit() async throws {
        try await TinyHTTPServer.with { _ in
            .init(way: .silent)
        } _: { server in
            var run = context(["url": .string(server.url)])
            run.timeout = .milliseconds(200)
            let result = try await executor.execute(run)
            #expect(result.error?.type == .timeout)
        }
    }

    @Test("a long body is cut at 1 MiB")
    func longBody() async throws {
        try await TinyHTTPServer.with { _ in
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
        try await TinyHTTPServer.with { _ in
            .init(body: "a\0b")
        } _: { server in
            let result = try await executor.execute(context(["url": .string(server.url)]))
            #expect(result.result?["result"] == "a\u{FFFD}b")
        }
    }

    @Test("a connection is used again")
    func reuse() async throws {
        try await TinyHTTPServer.with { _ in
            .init(body: "ok")
        } _: { server in
            for _ in 0..<5 { _ = try await executor.execute(context(["url": .string(server.url)])) }
            #expect(Set(server.requests.map(\.connection)) == [1])
        }
    }

    @Test("cancelling ends the call")
    func cancels() async throws {
        try await TinyHTTPServer.with { _ in
            .init(way: .silent)
        } _: { server in
            let run = context(["url": .string(server.url)])
            let work = Task { try await executor.execute(run) }
            try await eventually("the server has the request") { !server.requests.isEmpty }
            work.cancel()
            await #expect(throws: CancellationError.self) { try await work.value }
        }
    }

    @Test("a body is cut at the task's own limit of output too, and never inside of a character")
    func ownLimit() async throws {
        try await TinyHTTPServer.with { _ in
            .init(body: String(repeating: "\u{20AC}", count: 100))
        } _: { server in
            var run = context(["url": .string(server.url)])
            run.spec.limits.maxOutputBytes = 10
            let result = try await executor.execute(run)
            #expect(result.stdout == "\u{20AC}\u{20AC}\u{20AC}\n[\u{2026} the rest was not read \u{2026}]\n")
            #expect(result.result?["metadata"]?["truncated"] == true)
        }
    }

    @Test("a HEAD request has an answer without a body")
    func head() async throws {
        try await TinyHTTPServer.with { _ in
            .init(headers: ["X-Seen": "1"])
        } _: { server in
            let result = try await executor.execute(context(["url": .string(server.url), "method": "HEAD"]))
            #expect(result.success)
            #expect(result.result?["result"] == "")
            #expect(server.requests.map(\.method) == ["HEAD"])
        }
    }

    @Test("1,000 calls to one host are under way at once")
    func thousand() async throws {
        raiseDescriptorLimit()
        let count = 1_000
        try await TinyHTTPServer.with { _ in
            .init(body: "ok", way: .together(count))
        } _: { server in
            let run = context(["url": .string(server.url), "timeout_seconds": 60, "connect_timeout_seconds": 60])
            let executor = executor
            let ended = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<count { group.addTask { try await executor.execute(run).success } }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(ended == count)
        }
    }

    @Test("all faults of a configuration are named at once")
    func faults() async throws {
        let error = await #expect(throws: SchedulerError.self) {
            try await executor.execute(
                context([
                    "url": "ftp://x", "method": "BREW", "headers": ["A": 1], "timeout_seconds": 0,
                    "expected_status": [99], "retry_on_status_codes": "x", "colour": "red", "max_redirects": 21,
                    "connect_timeout_seconds": 61,
                ]))
        }
        #expect(error?.code == .validation)
        #expect(
            error?.faults.map(\.field) == [
                "config.url", "config.method", "config.headers.A", "config.timeout_seconds",
                "config.connect_timeout_seconds", "config.max_redirects", "config.expected_status.0",
                "config.retry_on_status_codes", "config.colour",
            ])
    }
}

/// Both ends of every connection are in this process.
private func raiseDescriptorLimit() {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}
