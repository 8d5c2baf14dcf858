import HTTPTypes
import Hummingbird
import NIOCore
import SchedulerDomain
import SchedulerErrors

/// Reads bodies and path parameters, and refuses what cannot be read.
struct RequestReader: Sendable {
    let maxBodyBytes: Int

    /// Returns the JSON body.
    ///
    /// - Throws: 400 for a missing or malformed body, 413, 415.
    func json(of request: Request) async throws -> JSONValue {
        guard let json = try await optionalJSON(of: request) else {
            throw SchedulerError.invalid("body", "is missing; a JSON object is expected")
        }
        return json
    }

    /// Returns the JSON body; nil where there is none.
    ///
    /// - Throws: 400 for a malformed body, 413, 415.
    func optionalJSON(of request: Request) async throws -> JSONValue? {
        if let length = request.headers[.contentLength], Int(length).map({ $0 > maxBodyBytes }) ?? true {
            throw APIError.bodyTooLarge(limit: maxBodyBytes)
        }
        let buffer = try await collectBody(of: request)
        guard buffer.readableBytes > 0 else { return nil }
        try checkMediaType(of: request)
        let result = buffer.withUnsafeReadableBytes { bytes in
            Result { () throws(JSONSyntaxError) in
                try JSONValue(parsing: bytes, maxDepth: JSONValue.callerDepth)
            }
        }
        do {
            return try result.get()
        } catch {
            throw SchedulerError.invalid("body", "is not valid JSON: \(error)")
        }
    }

    /// Makes sure that an action that takes nothing was given nothing, be it as `{}`.
    func refuseBody(of request: Request) async throws {
        guard let json = try await optionalJSON(of: request) else { return }
        guard case .object(let members) = json else {
            throw SchedulerError.invalid("body", "is \(json.kind); this call takes no body")
        }
        guard members.isEmpty else {
            throw SchedulerError.invalid(
                members.keys.sorted().map { .init(field: $0, message: "is not a known field") })
        }
    }

    /// - Throws: 400 where the identifier in the path is no whole number.
    func taskID(_ context: APIRequestContext) throws -> TaskID {
        guard let text = context.parameters.get("id"), let id = TaskID(text) else {
            throw SchedulerError.invalid("id", "in the path is not the id of a task, which is a whole number")
        }
        return id
    }

    /// - Throws: 400 where the identifier in the path is no UUID.
    func runID(_ context: APIRequestContext) throws -> RunID {
        guard let text = context.parameters.get("id"), let id = RunID(text) else {
            throw SchedulerError.invalid("id", "in the path is not the id of a run, which is a UUID")
        }
        return id
    }

    /// - Throws: 400 where the identifier in the path is no UUID.
    func workerID(_ context: APIRequestContext) throws -> WorkerID {
        guard let text = context.parameters.get("id"), let id = WorkerID(text) else {
            throw SchedulerError.invalid("id", "in the path is not the id of a worker, which is a UUID")
        }
        return id
    }

    /// - Throws: 400 where the identifier in the path is no UUID.
    func backfillID(_ context: APIRequestContext) throws -> RunID {
        guard let text = context.parameters.get("backfill_id"), let id = RunID(text) else {
            throw SchedulerError.invalid("backfill_id", "in the path is not the id of a backfill, which is a UUID")
        }
        return id
    }

    private func collectBody(of request: Request) async throws -> ByteBuffer {
        do {
            return try await request.body.collect(upTo: maxBodyBytes)
        } catch is NIOTooManyBytesError {
            throw APIError.bodyTooLarge(limit: maxBodyBytes)
        } catch  where !Task.isCancelled {
            // The connection broke, or what came is not HTTP.
            throw APIError(
                .badRequest, "BAD_REQUEST", "the body could not be read to its end", headers: [.connection: "close"])
        }
    }

    private func checkMediaType(of request: Request) throws {
        let type = request.headers[.contentType] ?? ""
        let parts = type.split(separator: ";").map { $0.trimmed.lowercased() }
        guard parts.first == "application/json" else {
            let given = type.isEmpty ? "there is no Content-Type" : "the Content-Type is \"\(type)\""
            throw APIError.unsupportedMediaType("\(given); send the header \"Content-Type: application/json\"")
        }
        guard
            parts.dropFirst().allSatisfy({
                !$0.hasPrefix("charset=") || $0 == "charset=utf-8" || $0 == "charset=\"utf-8\""
            })
        else { throw APIError.unsupportedMediaType("only charset utf-8 is understood") }
        if let coding = request.headers[.contentEncoding], coding.lowercased() != "identity" {
            throw APIError.unsupportedMediaType(
                "Content-Encoding \"\(coding)\" is not understood; send the body as it is")
        }
    }
}

extension TaskID {
    /// Only plain digits: what `Int64` reads beyond that (`+1`) names nothing of ours.
    init?(_ text: some StringProtocol) {
        guard (1...19).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let value = Int64(text)
        else { return nil }
        self.init(value)
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let start = drop { $0 == " " || $0 == "\t" }
        guard let end = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return start[start.endIndex...] }
        return start[...end]
    }
}
