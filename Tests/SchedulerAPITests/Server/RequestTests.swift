import HTTPTypes
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerAPI

@Suite("Requests that cannot be served")
struct RequestTests {
    typealias Transport = APITestBench.Transport
    private static let task = #"{"name":"a","executor":"shell","command":"x"}"#

    @Test("a path without a route is 404 in the envelope", arguments: Transport.allCases)
    func unknownRoute(transport: Transport) async throws {
        try await APITestBench().run(transport) { client in
            for path in ["/", "/api", "/api/task", "/api/tasks/1/fly", "/API/tasks", "/api/%74asks"] {
                let answer = try await client.get(path)
                #expect(answer.status == 404, "\(path)")
                #expect(answer.errorCode == "NOT_FOUND")
                #expect(answer.body["success"] == false)
            }
        }
    }

    @Test("a method that a path does not know is 405 and names the others", arguments: Transport.allCases)
    func wrongMethod(transport: Transport) async throws {
        try await APITestBench().run(transport) { client in
            for (method, path, allowed) in [
                (HTTPRequest.Method.delete, "/api/tasks", "GET, POST, HEAD"),
                (.patch, "/api/tasks/1", "GET, PUT, DELETE, HEAD"),
                (.get, "/api/tasks/1/trigger", "POST"), (.get, "/api/task-runs/batch", "POST"),
                (.post, "/health", "GET, HEAD"), (.options, "/api/workers", "GET, HEAD"),
            ] {
                let answer = try await client.send(method, path)
                #expect(answer.status == 405, "\(method) \(path)")
                #expect(answer.errorCode == "METHOD_NOT_ALLOWED")
                #expect(answer.headers[.allow] == allowed)
            }
        }
    }

    @Test("HEAD answers as GET without a body", arguments: Transport.allCases)
    func head(transport: Transport) async throws {
        try await APITestBench().run(transport) { client in
            for path in ["/health", "/ready", "/api/tasks", "/api/task-runs", "/api/workers"] {
                let answer = try await client.send(.head, path)
                #expect(answer.status == 200, "\(path)")
                #expect(answer.body == .null)
            }
            #expect(try await client.send(.head, "/api/tasks/1").status == 404)
        }
    }

    @Test("a body of another type is 415 with the header to send", arguments: Transport.allCases)
    func wrongType(transport: Transport) async throws {
        try await APITestBench().run(transport) { client in
            for type in ["application/x-www-form-urlencoded", "text/plain", "application/json; charset=latin1", nil] {
                let answer = try await client.send(.post, "/api/tasks", text: RequestTests.task, type: type)
                #expect(answer.status == 415, "\(type ?? "none")")
                #expect(answer.errorCode == "UNSUPPORTED_MEDIA_TYPE")
            }
            let answer = try await client.send(.post, "/api/tasks", text: RequestTests.task, type: "text/plain")
            #expect(answer.body["error"]?["message"]?.string?.contains("Content-Type: application/json") == true)
            let zipped = try await client.send(
                .post, "/api/tasks", text: RequestTests.task, headers: [.contentEncoding: "gzip"])
            #expect(zipped.status == 415)
            let fine = try await client.send(
                .post, "/api/tasks", text: RequestTests.task, type: "Application/JSON ; charset=UTF-8")
            #expect(fine.status == 201)
        }
    }

    @Test("a body that is too large is 413, announced or not", arguments: Transport.allCases)
    func tooLarge(transport: Transport) async throws {
        let configuration = APIConfiguration(port: 0, maxBodyBytes: 1_000)
        try await APITestBench(configuration: configuration).run(transport) { client in
            let text = #"{"name":""# + String(repeating: "x", count: 1_000) + #""}"#
            let answer = try await client.send(.post, "/api/tasks", text: text)
            #expect(answer.status == 413)
            #expect(answer.errorCode == "BODY_TOO_LARGE")
            #expect(try await client.get("/api/tasks").status == 200)
        }
    }

    @Test(
        "what is not JSON is 400 with its place",
        arguments: [
            ("{", "line 1, column 2"), (#"{"a":1,"a":2}"#, "twice"), (#"{"a":"\ud800"}"#, "surrogate"),
            (String(repeating: "[", count: 100_000), "deeper than 64"), ("{\"a\":1}x", "after"),
            ("{'a':1}", "column 2"), ("\u{FEFF}{}", "begin"), ("   ", "empty"),
        ])
    func invalidJSON(text: String, reason: String) async throws {
        try await APITestBench().run(.router) { client in
            let answer = try await client.send(.post, "/api/tasks", text: text)
            #expect(answer.status == 400)
            #expect(answer.faults == ["body"])
            #expect(answer.body["error"]?["message"]?.string?.contains(reason) == true, "\(answer.body.text)")
        }
    }

    @Test("a missing body is 400")
    func missingBody() async throws {
        try await APITestBench().run(.router) { client in
            let task = try await client.post("/api/tasks")
            #expect(task.status == 400)
            #expect(task.faults == ["body"])
            #expect(try await client.post("/api/task-runs/batch").status == 400)
        }
    }

    @Test("the caller's request id comes back where it is harmless, else one of ours")
    func requestID() async throws {
        try await APITestBench().run(.router) { client in
            let theirs = try await client.send(.get, "/health", headers: [.xRequestID: "abc-1"])
            #expect(theirs.headers[.xRequestID] == "abc-1")
            let ours = try await client.send(.get, "/health", headers: [.xRequestID: "a b<script>"])
            #expect(ours.headers[.xRequestID]?.contains(" ") == false)
            #expect(try await client.get("/nowhere").headers[.xRequestID]?.isEmpty == false)
        }
    }

    @Test("errors of the store become their status, without its inner text", arguments: SchedulerError.Code.allCases)
    func storeErrors(code: SchedulerError.Code) async throws {
        let bench = APITestBench {
            FailingStore(base: $0, error: SchedulerError(code, "relation \"secret\" is broken"))
        }
        try await bench.run(.router) { client in
            let answer = try await client.get("/api/tasks")
            #expect(answer.status == code.http.status.code)
            #expect(answer.errorCode == code.http.code)
            #expect(answer.body["success"] == false)
            if [.database, .internal, .execution, .configuration, .storeUnavailable].contains(code) {
                #expect(!answer.body.text.contains("secret"))
            }
            if code == .storeUnavailable || code == .overloaded { #expect(answer.headers[.retryAfter] == "1") }
            if code == .outcomeUnknown { #expect(answer.headers[.retryAfter] == nil) }
        }
    }

    @Test("an error that is none of ours is 500 and tells nothing")
    func foreignError() async throws {
        struct Secret: Error {}
        try await APITestBench { FailingStore(base: $0, error: Secret()) }.run(.router) { client in
            let answer = try await client.get("/api/tasks")
            #expect(answer.status == 500)
            #expect(answer.errorCode == "INTERNAL_ERROR")
            #expect(!answer.body.text.contains("Secret"))
        }
    }

    @Test("a request that takes too long is given up with 503", arguments: Transport.allCases)
    func timeout(transport: Transport) async throws {
        let configuration = APIConfiguration(port: 0, requestTimeout: .milliseconds(50))
        try await APITestBench(configuration: configuration) { FailingStore(base: $0, error: nil) }
            .run(transport) { client in
                let answer = try await client.get("/api/tasks")
                #expect(answer.status == 503)
                #expect(answer.errorCode == "TIMEOUT")
            }
    }
}
