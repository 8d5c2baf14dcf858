import Glibc
import SchedulerErrors
import Synchronization

/// A client that follows a stream over a socket of its own and looks at what has come so far.
final class StreamReader: Sendable {
    private let descriptor: Int32
    private let received = Mutex<[UInt8]>([])
    private let isClosed = Mutex(false)

    /// Connects to this machine and sends a request.
    init(port: Int, get path: String, headers: [String] = []) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw SchedulerError(.internal, "no connection: \(errno)") }
        let lines = ["GET \(path) HTTP/1.1", "Host: localhost"] + headers + ["", ""]
        let request = Array(lines.joined(separator: "\r\n").utf8)
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw SchedulerError(.internal, "the request was not sent: \(errno)")
        }
    }

    deinit { close() }

    /// All that has come until now, the head included.
    var text: String {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count > 0 else { break }
            received.withLock { $0 += buffer[..<count] }
        }
        return received.withLock { String(decoding: $0, as: UTF8.self) }
    }

    /// Leaves.
    func close() {
        isClosed.withLock { isClosed in
            if !isClosed { Glibc.close(descriptor) }
            isClosed = true
        }
    }

    /// Waits until something has come.
    func expect(_ part: String) async throws {
        try await eventually("\"\(part)\" has come") { self.text.contains(part) }
    }
}

/// Waits until a condition holds, looking every few milliseconds.
///
/// - Throws: `timeout` when it still does not hold after `limit`.
func eventually(
    _ what: String, within limit: Duration = .seconds(20), _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else { throw SchedulerError(.timeout, "not within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}
