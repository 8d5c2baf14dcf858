import NIOHTTP1
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("HTTP request")
struct HTTPRequestTests {
    private let executor = HTTPExecutor()

    /// A run that waited for the task `load`, with two arguments.
    private func context(_ config: JSONValue, attempt: Int = 1) -> RunContext {
        var run = RunContext.fixture(
            .fixture(
                taskType: "http", executor: "http", command: nil, arguments: ["a b&c=d/é", "x\r\nY: z"],
                config: config, dependencies: [TaskDependency(on: TaskID(5))]),
            attempt: attempt)
        run.upstreams = [
            UpstreamResult(
                task: TaskID(5), taskName: "load", run: run.attempt.run, status: .completed, result: ["rows": [1, 2]])
        ]
        return run
    }

    /// What a server saw of one call.
    private func request(_ config: [String: JSONValue], attempt: Int = 1, path: String = "/") async throws
        -> (run: RunContext, request: TinyHTTPServer.Request)
    {
        let server = try await TinyHTTPServer { _ in .init() }
        let run = context(.object(config.merging(["url": .string(server.url + path)]) { $1 }), attempt: attempt)
        let result = try await executor.execute(run)
        #expect(result.success)
        let request = try #require(server.requests.first)
        try await server.stop()
        return (run, request)
    }

    @Test("every method is sent as it is", arguments: ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])
    func methods(method: String) async throws {
        #expect(try await request(["method": .string(method)]).request.method == method)
    }

    @Test("in a URL a value is percent-encoded, so that it cannot begin another part")
    func url() async throws {
        let (run, request) = try await request([:], path: "/{{run.id}}/{{arguments.0}}?q={{arguments.0}}")
        #expect(request.path == "/\(run.attempt.run)/a%20b%26c%3Dd%2F%C3%A9?q=a%20b%26c%3Dd%2F%C3%A9")
    }

    @Test("headers are filled")
    func headers() async throws {
        let (run, request) = try await request(["headers": ["X-Fire": "{{fire_time}}", "X-N": "n={{run.attempt}}"]])
        #expect(request.headers["X-Fire"] == ["\(run.scheduledAt)"])
        #expect(request.headers["X-N"] == ["n=1"])
    }

    @Test("a JSON body is filled, and keeps the types of values that stand alone")
    func jsonBody() async throws {
        let (_, request) = try await request([
            "method": "POST", "body": ["rows": "{{upstream.load.rows}}", "name": "no. {{run.attempt}}"],
        ])
        #expect(request.body == #"{"name":"no. 1","rows":[1,2]}"#)
        #expect(request.headers["Content-Type"] == ["application/json"])
    }

    @Test("a raw body is filled")
    func rawBody() async throws {
        let (_, request) = try await request(["method": "POST", "body": "{{upstream.load.rows.1}} of {{task.name}}"])
        #expect(request.body == "2 of task")
    }

    @Test("a form is encoded")
    func form() async throws {
        let (_, request) = try await request([
            "method": "POST", "form": ["b c": "{{arguments.0}}", "a": 1, "d": true],
        ])
        #expect(request.body == "a=1&b+c=a+b%26c%3Dd%2F%C3%A9&d=true")
        #expect(request.headers["Content-Type"] == ["application/x-www-form-urlencoded"])
    }

    @Test("a value with a line break is refused in a header")
    func headerInjection() async throws {
        let error = await #expect(throws: SchedulerError.self) {
            try await executor.execute(
                context(["url": "http://127.0.0.1:1/", "headers": ["X-A": "{{arguments.1}}"]]))
        }
        #expect(error?.code == .validation)
        #expect(error?.faults.map(\.field) == ["config.headers.X-A"])
    }

    @Test(
        "a value that there is not is a VALIDATION_ERROR that names it",
        arguments: [
            ("config.url", ["url": "http://127.0.0.1:1/{{arguments.9}}"]),
            ("config.body", ["url": "http://127.0.0.1:1/", "body": ["a": "{{arguments.9}}"]]),
            ("config.form", ["url": "http://127.0.0.1:1/", "form": ["a": "{{arguments.9}}"]]),
        ] as [(String, JSONValue)])
    func missing(field: String, config: JSONValue) async throws {
        let error = await #expect(throws: SchedulerError.self) { try await executor.execute(context(config)) }
        #expect(error?.faults.map(\.field) == [field])
        #expect(error?.message.contains("{{arguments.9}}") == true)
    }

    @Test("the key is the same for every attempt, and the attempt's number is told")
    func idempotency() async throws {
        let first = try await request([:])
        #expect(first.request.headers["Idempotency-Key"] == ["\(first.run.attempt.run)"])
        #expect(first.request.headers["Scheduler-Attempt"] == ["1"])
        let third = try await request([:], attempt: 3)
        #expect(third.request.headers["Idempotency-Key"] == ["\(third.run.attempt.run)"])
        #expect(third.request.headers["Scheduler-Attempt"] == ["3"])
        let own = try await request(["headers": ["idempotency-key": "mine"]])
        #expect(own.request.headers["Idempotency-Key"] == ["mine"])
    }

    @Test("the run's place in a trace is sent on, anything else is not")
    func trace() async throws {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        for (kept, headers) in [
            ("\(parent) vendor=1", [[parent], ["vendor=1"]]), (parent, [[parent], []]), ("nonsense", [[], []]),
        ] {
            try await TinyHTTPServer.with { _ in
                .init()
            } _: { server in
                var run = context(["url": .string(server.url)])
                run.traceContext = kept
                _ = try await executor.execute(run)
                let seen = try #require(server.requests.first).headers
                #expect([seen["traceparent"], seen["tracestate"]] == headers)
            }
        }
    }

    @Test("the log has a line for the request and one for the answer, without query and headers")
    func log() async throws {
        try await TinyHTTPServer.with { _ in
            .init(body: "hello")
        } _: { server in
            let heard = HeardOutput()
            var run = context(["url": .string(server.url + "/a?token=secret"), "headers": ["X-Key": "secret"]])
            run.output = heard
            _ = try await executor.execute(run)
            #expect(heard.lines(of: .system) == ["GET \(server.url)/a", "answered 200 with 5 bytes"])
        }
    }
}
