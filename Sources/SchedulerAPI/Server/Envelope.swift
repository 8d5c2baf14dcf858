import HTTPTypes
import Hummingbird
import NIOCore
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

/// Builds the answers of `/api`: one envelope for success, one for errors.
struct Envelope: Sendable {
    let clock: any SchedulerClock

    /// Answers `{"success":true,"data":…,"timestamp":…}`.
    func success(
        _ status: HTTPResponse.Status = .ok, capacity: Int = 1_024, _ data: (inout JSONWriter) -> Void
    ) -> Response {
        answer(status, capacity: capacity) { writer in
            writer.field("success", true)
            writer.name("data")
            data(&writer)
        }
    }

    /// Answers `{"success":true,"data":[…],"page":{"next_cursor":…},"timestamp":…}`.
    func page<Element>(
        _ elements: [Element], next: PageCursor?, _ write: (inout JSONWriter, Element) -> Void
    ) -> Response {
        answer(.ok, capacity: 256 + elements.count * 1_024) { writer in
            writer.field("success", true)
            writer.name("data")
            writer.list(elements, write)
            writer.name("page")
            writer.object { $0.field("next_cursor", next?.text) }
        }
    }

    /// Answers `{"success":false,"error":{"code":…,"message":…,"details":[…]},"timestamp":…}`.
    func failure(_ error: APIError) -> Response {
        var response = answer(error.status, capacity: 512) { writer in
            writer.field("success", false)
            writer.name("error")
            writer.object { writer in
                writer.field("code", error.code)
                writer.field("message", error.message)
                writer.name("details")
                writer.list(error.details) { writer, fault in
                    writer.object { writer in
                        writer.field("field", fault.field)
                        writer.field("message", fault.message)
                    }
                }
            }
        }
        for field in error.headers { response.headers[field.name] = field.value }
        return response
    }

    private func answer(
        _ status: HTTPResponse.Status, capacity: Int, _ members: (inout JSONWriter) -> Void
    ) -> Response {
        .json(status, capacity: capacity) { writer in
            members(&writer)
            writer.field("timestamp", clock.now)
        }
    }
}

extension Response {
    /// An answer with one JSON object whose members `members` writes.
    static func json(
        _ status: HTTPResponse.Status, capacity: Int = 1_024, _ members: (inout JSONWriter) -> Void
    ) -> Response {
        var writer = JSONWriter(capacity: capacity)
        writer.object(members)
        return Response(
            status: status,
            headers: [
                .contentType: "application/json; charset=utf-8", .cacheControl: "no-store",
                .xContentTypeOptions: "nosniff",
            ],
            body: .init(byteBuffer: ByteBuffer(bytes: writer.bytes)))
    }
}
