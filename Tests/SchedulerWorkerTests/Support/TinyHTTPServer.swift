import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
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
        enum Way: Sendable {
            case whole
            /// Accepts the request and never answers.
            case silent
            /// Closes the connection instead of an answer.
            case hangsUp
            /// Closes it with a reset.
            case resets
            /// Begins a body, and says no more.
            case stopsInBody
            case endlessBody
            case endlessHeaders
            /// Answers when so many requests are there.
            case together(Int)
        }

        var status = 200
        var headers: HTTPHeaders = [:]
        var body = ""
        var way = Way.whole
    }

    let port: Int
    private let channel: any Channel
    private let log: RequestLog
    private let scheme: String

    var requests: [Request] { log.requests.withLock { $0 } }
    /// The connections that are open now.
    var openConnections: Int { log.open.load(ordering: .relaxed) }
    var url: String { "\(scheme)://127.0.0.1:\(port)" }

    init(
        certificate: TestCertificate? = nil, _ respond: @escaping @Sendable (Request) -> Response
    ) async throws {
        let log = RequestLog()
        self.log = log
        scheme = certificate == nil ? "http" : "https"
        let tls = try certificate?.serverContext()
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 2_048)
            .childChannelInitializer { channel in
                let number = log.connections.wrappingAdd(1, ordering: .relaxed).newValue
                log.open.wrappingAdd(1, ordering: .relaxed)
                channel.closeFuture.whenComplete { _ in log.open.wrappingSubtract(1, ordering: .relaxed) }
                return channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(RequestHandler(connection: number, log: log, respond))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    func stop() async throws { try await channel.close() }

    /// Runs the body with a server, which is stopped afterwards.
    static func with(
        certificate: TestCertificate? = nil, _ respond: @escaping @Sendable (Request) -> Response,
        _ body: (TinyHTTPServer) async throws -> Void
    ) async throws {
        let server = try await TinyHTTPServer(certificate: certificate, respond)
        do {
            try await body(server)
        } catch {
            try await server.stop()
            throw error
        }
        try await server.stop()
    }
}

private final class RequestLog: Sendable {
    let requests = Mutex<[TinyHTTPServer.Request]>([])
    let connections = Atomic(0)
    let open = Atomic(0)
    /// Answers that wait for more requests.
    let waiting = Mutex<[@Sendable () -> Void]>([])
}

private final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let connection: Int
    private let log: RequestLog
    private let respond: (TinyHTTPServer.Request) -> TinyHTTPServer.Response
    private var request: TinyHTTPServer.Request?

    init(
        connection: Int, log: RequestLog, _ respond: @escaping (TinyHTTPServer.Request) -> TinyHTTPServer.Response
    ) {
        self.connection = connection
        self.log = log
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
            log.requests.withLock { $0.append(request) }
            answer(respond(request), context)
        }
    }

    /// A client that goes away in the middle is what some tests want.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func answer(_ response: TinyHTTPServer.Response, _ context: ChannelHandlerContext) {
        let channel = context.channel
        switch response.way {
        case .silent: break
        case .hangsUp: context.close(promise: nil)
        case .resets:
            // No lingering: the kernel sends a reset.
            guard let socket = channel as? any SocketOptionProvider else { return context.close(promise: nil) }
            socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil) }
        case .whole: RequestHandler.send(response, channel)
        case .together(let count):
            let released = log.waiting.withLock { waiting in
                waiting.append { RequestHandler.send(response, channel) }
                guard waiting.count == count else { return [@Sendable () -> Void]() }
                defer { waiting = [] }
                return waiting
            }
            for answer in released { answer() }
        case .stopsInBody:
            sendHead(["Content-Length": "1000"], context)
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "so far")))), promise: nil)
        case .endlessBody:
            sendHead(["Transfer-Encoding": "chunked"], context)
            let chunk = ByteBuffer(repeating: UInt8(ascii: "x"), count: 65_536)
            RequestHandler.pump(channel) { channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(chunk))) }
        case .endlessHeaders:
            guard let encoder = try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
            else { return context.close(promise: nil) }
            encoder.writeAndFlush(NIOAny(ByteBuffer(string: "HTTP/1.1 200 OK\r\n")), promise: nil)
            let lines = ByteBuffer(string: String(repeating: "X-More: and more and more\r\n", count: 1_000))
            let bound = NIOLoopBound(encoder, eventLoop: context.eventLoop)
            RequestHandler.pump(channel) {
                let written = bound.eventLoop.makePromise(of: Void.self)
                bound.value.writeAndFlush(NIOAny(lines), promise: written)
                return written.futureResult
            }
        }
    }

    private func sendHead(_ headers: HTTPHeaders, _ context: ChannelHandlerContext) {
        let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: headers)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    }

    /// Writes again and again, each time when the last is on its way, until the client has gone.
    private static func pump(_ channel: any Channel, _ write: @escaping @Sendable () -> EventLoopFuture<Void>) {
        write().whenSuccess { channel.eventLoop.execute { pump(channel, write) } }
    }

    private static func send(_ response: TinyHTTPServer.Response, _ channel: any Channel) {
        var headers = response.headers
        headers.add(name: "Content-Length", value: "\(response.body.utf8.count)")
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: response.status), headers: headers)
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(string: response.body))), promise: nil)
        channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
    }
}

/// Accepts connections and says nothing.
final class SilentListener: Sendable {
    let port: Int
    private let channel: any Channel

    init() async throws {
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    func stop() async throws { try await channel.close() }
}
