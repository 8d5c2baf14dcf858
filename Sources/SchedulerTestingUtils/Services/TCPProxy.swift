private import Glibc
private import SchedulerDomain
private import SchedulerErrors
private import SchedulerFoundation
private import Synchronization

/// A man in the middle between a client and a server on this machine, who can be told to misbehave: for the faults of
/// a network that no server shows by itself.
///
/// Each direction of each connection has a thread that copies bytes.
public final class TCPProxy: Sendable {
    public enum Behaviour: Sendable, Hashable {
        case pass
        /// Takes what both sides say and passes nothing on; nobody is told, also not of an end: a half-open connection.
        case swallow
        /// Passes this many more bytes of what the server says, then resets the connection.
        case cut(afterBytes: Int)
        /// Resets each new connection.
        case refuse
        /// Passes each piece on so much later.
        case delay(Duration)
    }

    private struct State {
        var behaviour = Behaviour.pass
        var connections: [ProxyConnection] = []
        var accepted = 0
        var isClosed = false
    }

    /// Where clients connect, on 127.0.0.1.
    public let port: Int
    private let listener: Int32
    private let target: Int
    private let state = Mutex(State())

    /// - Parameter target: the port of the server on 127.0.0.1.
    public init(to target: Int) throws {
        self.target = target
        let listener = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = TCPProxy.address(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && listen(listener, 64) == 0
                    && getsockname(listener, pointer, &length) == 0
            }
        }
        guard isBound else { throw SchedulerError(.internal, "no port for a proxy: errno \(errno)") }
        port = Int(UInt16(bigEndian: address.sin_port))
        BlockingThread.startRequired(named: "proxy") { [weak self, listener] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0, let self, self.take(client) else {
                    if client >= 0 { Glibc.close(client) }
                    return
                }
            }
        }
    }

    deinit { close() }

    /// How many connections clients have made so far.
    public var accepted: Int { state.withLock { $0.accepted } }

    /// Changes the behaviour, also of the connections that are there.
    public func set(_ behaviour: Behaviour) {
        state.withLock { state in
            state.behaviour = behaviour
            if case .cut(let bytes) = behaviour { for connection in state.connections { connection.allow(bytes) } }
        }
    }

    /// Resets all connections that are there.
    public func reset() {
        for connection in state.withLock({ $0.connections }) { connection.reset() }
    }

    /// Takes no more connections, and resets those that are there.
    public func close() {
        let wasClosed = state.withLock { state in
            defer { state.isClosed = true }
            return state.isClosed
        }
        guard !wasClosed else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        Glibc.close(listener)
        reset()
    }

    /// - Returns: false where the proxy is closed.
    private func take(_ client: Int32) -> Bool {
        let behaviour: Behaviour? = state.withLock { state in
            guard !state.isClosed else { return nil }
            state.accepted += 1
            return state.behaviour
        }
        guard let behaviour else { return false }
        let server = behaviour == .refuse ? -1 : connectToTarget()
        guard server >= 0 else {
            ProxyConnection.reset(client)
            Glibc.close(client)
            return true
        }
        let connection = ProxyConnection(client: client, server: server)
        if case .cut(let bytes) = behaviour { connection.allow(bytes) }
        state.withLock { $0.connections.append(connection) }
        for direction in [ProxyConnection.Direction.up, .down] {
            BlockingThread.startRequired(named: "proxy-copy") { [weak self] in
                connection.copy(direction) { self?.state.withLock { $0.behaviour } }
                self?.state.withLock { $0.connections.removeAll { $0.hasEnded } }
            }
        }
        return true
    }

    private func connectToTarget() -> Int32 {
        let server = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = TCPProxy.address(port: target)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        if isConnected { return server }
        Glibc.close(server)
        return -1
    }

    private static func address(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}

/// Two sockets and what is left to pass.
private final class ProxyConnection: Sendable {
    enum Direction { case up, down }

    private let client: Int32
    private let server: Int32
    /// How many bytes of the server are passed on before the end, and how many of the two threads copy.
    private let state = Mutex((left: Int.max, copying: 2))

    init(client: Int32, server: Int32) {
        (self.client, self.server) = (client, server)
        for socket in [client, server] {
            var on: Int32 = 1
            setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        }
    }

    var hasEnded: Bool { state.withLock { $0.copying == 0 } }

    func allow(_ bytes: Int) { state.withLock { $0.left = bytes } }

    func reset() {
        // Under the lock, so that the numbers are still those of our sockets.
        state.withLock { state in
            guard state.copying > 0 else { return }
            for socket in [client, server] { ProxyConnection.reset(socket) }
        }
    }

    /// Lets the close that follows send a reset.
    static func reset(_ socket: Int32) {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        shutdown(socket, Int32(SHUT_RD))
    }

    func copy(_ direction: Direction, behaviour: () -> TCPProxy.Behaviour?) {
        let (from, to) = direction == .up ? (client, server) : (server, client)
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        copying: while true {
            let count = recv(from, &buffer, buffer.count, 0)
            guard let now = behaviour() else { break }
            if count <= 0 {
                if now != .swallow { shutdown(to, Int32(SHUT_WR)) }
                break
            }
            switch now {
            case .pass, .refuse: break
            case .swallow: continue
            case .delay(let time): usleep(useconds_t(time.microseconds))
            case .cut where direction == .down:
                let left = state.withLock { $0.left }
                if count >= left {
                    _ = send(to, buffer, left, Int32(MSG_NOSIGNAL))
                    reset()
                    break copying
                }
                state.withLock { $0.left -= count }
            case .cut: break
            }
            guard sendAll(buffer.prefix(count), to: to) else { break }
        }
        let isLast = state.withLock { state in
            state.copying -= 1
            return state.copying == 0
        }
        if isLast { for socket in [client, server] { Glibc.close(socket) } }
    }

    private func sendAll(_ bytes: ArraySlice<UInt8>, to socket: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }
}
