import NIOHTTP1
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("HTTP redirects")
struct HTTPRedirectTests {
    private let executor = HTTPExecutor()

    /// Counts down in its path.
    private static let countdown: @Sendable (TinyHTTPServer.Request) -> TinyHTTPServer.Response = { request in
        let left = Int(request.path.dropFirst()) ?? 0
        return left == 0 ? .init(body: "arrived") : .init(status: 302, headers: ["Location": "/\(left - 1)"])
    }

    @Test(
        "as many are followed as the task allows, five where it does not say",
        arguments: [(nil, 5), (0, 0), (1, 1), (20, 20)] as [(Int64?, Int)])
    func limit(allowed: Int64?, followed: Int) async throws {
        try await TinyHTTPServer.with(Self.countdown) { server in
            func call(_ count: Int) async throws -> TaskResult {
                var config: [String: JSONValue] = ["url": .string("\(server.url)/\(count)")]
                if let allowed { config["max_redirects"] = .integer(allowed) }
                return try await executor.execute(.http(.object(config)))
            }
            #expect(try await call(followed).result?["result"] == "arrived")
            let beyond = try await call(followed + 1)
            #expect(beyond.error?.type == .system)
            #expect(beyond.exitCode == (followed == 0 ? 302 : nil))
        }
    }

    @Test("a circle of redirects ends")
    func loop() async throws {
        try await TinyHTTPServer.with { _ in
            .init(status: 307, headers: ["Location": "/again"])
        } _: { server in
            let clients = HTTPClients()
            let result = try await HTTPExecutor(clients: clients).execute(.http(["url": .string(server.url)]))
            #expect(result.error == .init(.system, "redirected more than 5 times"))
            #expect(server.requests.count == 6)
            // Between calls a connection is kept for the next.
            try await clients.shutdown()
            try await eventually("no connection is left") { server.openConnections == 0 }
        }
    }

    @Test("a redirect that the task expects is its answer")
    func expected() async throws {
        try await TinyHTTPServer.with(Self.countdown) { server in
            let result = try await executor.execute(
                .http(["url": .string(server.url + "/3"), "expected_status": 302]))
            #expect(result.success)
            #expect(server.requests.count == 1)
        }
    }

    @Test("credentials stay with the host that they were meant for")
    func credentials() async throws {
        let secret: JSONValue = [
            "Authorization": "Bearer x", "Cookie": "a=b", "Proxy-Authorization": "y", "X-Own": "z",
            "Accept": "text/plain",
        ]
        try await TinyHTTPServer.with { _ in
            .init(body: "arrived")
        } _: { other in
            let elsewhere = other.url
            try await TinyHTTPServer.with { request in
                switch request.path {
                case "/here": .init(status: 302, headers: ["Location": "/away"])
                default: .init(status: 302, headers: ["Location": elsewhere])
                }
            } _: { server in
                _ = try await executor.execute(
                    .http(["url": .string(server.url + "/here"), "headers": secret]))
                #expect(server.requests.map { $0.headers["Authorization"] } == [["Bearer x"], ["Bearer x"]])
                let request = try #require(other.requests.first)
                for name in ["Authorization", "Cookie", "Proxy-Authorization"] { #expect(request.headers[name] == []) }
                #expect(request.headers["X-Own"] == [])
                #expect(request.headers["Accept"] == ["text/plain"])
                #expect(request.headers["Host"] == ["127.0.0.1:\(other.port)"])
            }
        }
    }

    @Test(
        "method and body are kept or dropped as the status says",
        arguments: [
            (301, "POST", "GET", ""), (302, "POST", "GET", ""), (303, "PUT", "GET", ""), (307, "POST", "POST", "body"),
            (308, "PUT", "PUT", "body"), (302, "PUT", "PUT", "body"),
        ])
    func methods(status: Int, method: String, next: String, body: String) async throws {
        try await TinyHTTPServer.with { request in
            request.path == "/" ? .init(status: status, headers: ["Location": "/next"]) : .init()
        } _: { server in
            let result = try await executor.execute(
                .http(["url": .string(server.url + "/"), "method": .string(method), "body": "body"]))
            #expect(result.success)
            #expect(server.requests.map(\.method) == [method, next])
            #expect(server.requests.map(\.body) == ["body", body])
        }
    }

    @Test("an address that is none ends the call", arguments: ["ftp://a/", "file:///etc/passwd", "http://u:p@a/"])
    func wrongAddress(location: String) async throws {
        try await TinyHTTPServer.with { _ in
            .init(status: 302, headers: ["Location": location])
        } _: { server in
            let result = try await executor.execute(.http(["url": .string(server.url)]))
            #expect(result.error?.type == .system)
            #expect(server.requests.count == 1)
        }
    }
}
