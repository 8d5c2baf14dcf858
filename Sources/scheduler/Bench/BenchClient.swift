import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import SchedulerDomain
import SchedulerErrors

/// The few calls of the API that the benchmark makes.
struct BenchClient: Sendable {
    let http: HTTPClient
    /// Base address without a final slash, for example `http://127.0.0.1:8080`.
    let address: String

    /// Sends one request and returns the `data` of the answer.
    ///
    /// - Throws: `unavailable` where the API cannot be reached or answers with an error.
    func call(_ method: String, _ path: String, body: JSONValue? = nil) async throws -> JSONValue {
        try await send(method, path, body: body.map { Array($0.text.utf8) })["data"] ?? .null
    }

    /// As `call`, with an encoded body and the whole answer.
    func send(_ method: String, _ path: String, body: [UInt8]? = nil) async throws -> JSONValue {
        var request = HTTPClientRequest(url: address + path)
        request.method = .RAW(value: method)
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        do {
            let response = try await http.execute(request, timeout: .seconds(60))
            let text = String(buffer: try await response.body.collect(upTo: 8 << 20))
            guard (200..<300).contains(response.status.code) else {
                throw SchedulerError(
                    .unavailable, "\(method) \(path) answered \(response.status.code): \(text.prefix(300))")
            }
            return text.isEmpty ? .null : try JSONValue(parsing: text)
        } catch let error as SchedulerError {
            throw error
        } catch {
            throw SchedulerError(
                .unavailable, "cannot reach the API at \(address); is it running? (\(error))", underlying: error)
        }
    }
}
