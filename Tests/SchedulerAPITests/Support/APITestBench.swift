import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils

@testable import SchedulerAPI

/// An API on a store in memory with a clock that stands still.
struct APITestBench: Sendable {
    /// How requests reach the API.
    enum Transport: String, Sendable, CaseIterable {
        /// Straight into the router.
        case router
        /// Over a real socket.
        case live
    }

    let clock: VirtualClock
    let store: InMemoryStore
    let server: APIServer

    init(
        configuration: APIConfiguration = APIConfiguration(port: 0),
        probes: [HealthProbe] = [],
        pace: StreamPace = StreamPace(poll: .milliseconds(5)),
        decorating decorate: (InMemoryStore) -> any SchedulerStore = { $0 }
    ) {
        let clock = VirtualClock()
        let store = InMemoryStore(now: { clock.now })
        let service = TaskService(store: decorate(store), clock: clock)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        self.clock = clock
        self.store = store
        server = APIServer(
            configuration: configuration, service: service, probes: probes, version: "1.2.3", clock: clock,
            pace: pace, logger: logger, onListening: { _ in })
    }

    func run(_ transport: Transport, _ test: @Sendable (APITestClient) async throws -> Void) async throws {
        try await server.makeApplication().test(transport == .live ? .live : .router) { client in
            try await test(APITestClient(client: client))
        }
    }
}

struct APIAnswer: Sendable {
    var status: Int
    var headers: HTTPFields
    var body: JSONValue

    var data: JSONValue? { body["data"] }
    var errorCode: String? { body["error"]?["code"]?.string }
    /// The fields of the error's details.
    var faults: [String] { body["error"]?["details"]?.array?.compactMap { $0["field"]?.string } ?? [] }
}

struct APITestClient: Sendable {
    let client: any TestClientProtocol

    func get(_ path: String) async throws -> APIAnswer { try await send(.get, path) }
    func delete(_ path: String) async throws -> APIAnswer { try await send(.delete, path) }
    func post(_ path: String, _ json: JSONValue? = nil) async throws -> APIAnswer {
        try await send(.post, path, text: json?.text)
    }
    func put(_ path: String, _ json: JSONValue) async throws -> APIAnswer {
        try await send(.put, path, text: json.text)
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, text: String? = nil, type: String? = "application/json",
        headers: HTTPFields = [:]
    ) async throws -> APIAnswer {
        var headers = headers
        if text != nil, let type { headers[.contentType] = type }
        let response = try await client.executeRequest(
            uri: path, method: method, headers: headers, body: text.map { ByteBuffer(string: $0) })
        let body = String(buffer: response.body)
        return APIAnswer(
            status: response.status.code, headers: response.headers,
            body: body.isEmpty ? .null : try JSONValue(parsing: body))
    }

    /// Creates a task and returns its id.
    func createTask(_ name: String = "tick", _ changes: [String: JSONValue] = [:]) async throws -> Int64 {
        let members: [String: JSONValue] = ["name": .string(name), "executor": "shell", "command": "date"]
        let answer = try await post("/api/tasks", .object(members.merging(changes) { $1 }))
        guard let id = answer.data?["id"]?.integer else {
            throw SchedulerError(.internal, "no task was created: \(answer.body.text)")
        }
        return id
    }
    /// Triggers a task and returns the run's id.
    func trigger(_ task: Int64) async throws -> String? {
        try await post("/api/tasks/\(task)/trigger").data?["id"]?.string
    }
}
