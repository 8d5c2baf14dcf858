import HTTPTypes
import Hummingbird
import NIOCore
import SchedulerFoundation
import ServiceLifecycle
import Synchronization

/// An answer that goes on: server-sent events until they end by themselves, the reader leaves, or the server stops.
///
/// The time limit of a request does not apply; instead a reader who takes nothing for a while is cut off.
struct EventStream: Sendable {
    typealias Write = (ByteBuffer) async throws -> Void

    let pace: StreamPace
    /// Nil where the request came over no connection.
    let channel: (any Channel)?

    /// - Parameters:
    ///   - place: kept until the stream is over.
    ///   - send: writes the events; it returns soon after the end has come.
    func response(
        to request: Request, holding place: StreamPlaces.Place,
        _ send: @escaping @Sendable (StreamEnd, Write) async throws -> Void
    ) -> Response {
        let body = ResponseBody { writer in
            defer { withExtendedLifetime(place) {} }
            let end = StreamEnd()
            let clerk = WriteClerk()
            try await withGracefulShutdownHandler {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await watch(clerk, end) }
                    defer { group.cancelAll() }
                    try await noticingLeave(of: request, end) {
                        try await send(end) { buffer in
                            clerk.begin()
                            defer { clerk.finish() }
                            try await writer.write(buffer)
                        }
                    }
                }
            } onGracefulShutdown: {
                end.come()
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store",
                .xContentTypeOptions: "nosniff",
            ], body: body)
    }

    /// Runs the body; a reader who closes the connection calls the end.
    private func noticingLeave(
        of request: Request, _ end: StreamEnd, _ body: () async throws -> Void
    ) async throws {
        guard channel != nil else { return try await body() }
        try await request.body.consumeWithInboundCloseHandler { _ in
            try await body()
        } onInboundClosed: {
            end.come()
        }
    }

    /// Closes the connection of a reader who takes nothing.
    private func watch(_ clerk: WriteClerk, _ end: StreamEnd) async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: .milliseconds(200)) } catch { return }
            if clerk.waitingTime > (end.hasCome ? pace.stopPatience : pace.patience) {
                channel?.close(promise: nil)
                return
            }
        }
    }
}

/// Notes since when a write has been waiting.
private final class WriteClerk: Sendable {
    private let since = Mutex<ContinuousClock.Instant?>(nil)

    var waitingTime: Duration { since.withLock { $0?.duration(to: .now) ?? .zero } }

    func begin() { since.withLock { $0 = .now } }
    func finish() { since.withLock { $0 = nil } }
}
