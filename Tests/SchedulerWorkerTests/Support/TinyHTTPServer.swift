import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An HTTP server on a port of its own, for one test.
final class TinyHTTPServer: Sendable {
    struct Request: Sendable {
        var method: String
        var path: String
        var headers: HTTPHeaders
        var body: String
        /// Which connection it came by, from 1.
        var connection: Int
    }

    struct Response: Sendable {
        var status = 200
        var headers: HTTPHeaders = [:]
        var body = ""
        /// Never answers.
        var isSilent = false
        /// Closes the connection instead of an answer.
        var hangsUp = false
    }

    let port: Int
    private let channel: any Channel
    private let log: RequestLog

    var requests: [Request] { log.requests.withLock { $0 } }
    var url: String { "http://127.0.0.1:\(port)" }

    init(_ respond: @escaping @Sendable (Request) -> Response) async throws {
        let log = RequestLog()
        self.log = log
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                let number = log.connections.wrappingAdd(1, ordering: .relaxed).newValue
                return channel.pipeline.configureHTTPServerPipeline().flatMapThrowing {
                    try channel.pipeline.syncOperations.addHandler(
                        RequestHandler(connection: number) { request in
                            log.requests.withLock { $0.append(request) }
                            return respond(request)
                        })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    func stop() async throws { try await channel.close() }
}

private final class RequestLog: Sendable {
    let requests = Mutex<[TinyHTTPServer.Request]>([])
    let connections = Atomic(0)
}

private final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let connection: Int
    private let respond: (TinyHTTPServer.Request) -> TinyHTTPServer.Response
    private var request: TinyHTTPServer.Request?

    init(connection: Int, _ respond: @escaping (TinyHTTPServer.Request) -> TinyHTTPServer.Response) {
        self.connection = connection
        self.respond = respond
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            request = TinyHTTPServer.Request(
                method: head.method.rawValue, path: head.uri, headers: head.headers, body: "", connection: connection)
        case .body(let buffer): request?.body += String(buffer: buffer)
        case .end:
            guard let request else { return }
            answer(respond(request), context)
        }
    }

    private func answer(_ response: TinyHTTPServer.Response, _ context: ChannelHandlerContext) {
        if response.isSilent { return }
        if response.hangsUp { return context.close(promise: nil) }
        var headers = response.headers
        headers.add(name: "Content-Length", value: "\(response.body.utf8.count)")
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: response.status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: response.body)))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
