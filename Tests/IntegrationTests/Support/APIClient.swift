import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import SchedulerDomain

/// Calls the API of a running process as any client would.
struct APIClient: Sendable {
    let port: Int

    /// Sends a request and returns status and body.
    func send(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> (status: Int, body: JSONValue)
    {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
        request.method = .RAW(value: method)
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: body.text))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let text = String(buffer: try await response.body.collect(upTo: 16 << 20))
        return (Int(response.status.code), text.isEmpty ? .null : try JSONValue(parsing: text))
    }

    /// Sends a request that must succeed and returns its `data`.
    func data(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        let answer = try await send(method, path, body)
        guard (200..<300).contains(answer.status) else {
            throw TestFailure("\(method) \(path) answered \(answer.status): \(answer.body.text)")
        }
        return answer.body["data"] ?? .null
    }

    /// Waits until the process serves.
    func waitUntilReady(within limit: Duration = .seconds(30)) async throws {
        try await eventually("port \(port) is ready", within: limit) {
            (try? await send("GET", "/ready").status) == 200
        }
    }

    /// Every run of a task, page by page.
    func runs(of task: Int64, status: String? = nil) async throws -> [JSONValue] {
        var runs: [JSONValue] = []
        var cursor: String? = ""
        while let next = cursor {
            let path = "/api/task-runs?task_id=\(task)&limit=500" + (status.map { "&status=\($0)" } ?? "")
            let answer = try await send("GET", path + (next.isEmpty ? "" : "&cursor=\(next)"))
            guard answer.status == 200 else { throw TestFailure("\(path) answered \(answer.body.text)") }
            runs += answer.body["data"]?.array ?? []
            cursor = answer.body["page"]?["next_cursor"]?.string
        }
        return runs
    }

    /// Creates a task and returns its id.
    func createTask(_ body: JSONValue) async throws -> Int64 {
        guard let id = try await data("POST", "/api/tasks", body)["id"]?.integer else {
            throw TestFailure("the created task has no id")
        }
        return id
    }
}
