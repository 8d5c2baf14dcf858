import Glibc
private import Synchronization

/// What other threads may do to a thread that talks to the broker: wake it, stop it, tear it out of a blocked call.
final class AMQPControl: Sendable {
    private struct State {
        var isStopping = false
        /// The socket of the present connection, while that owns it.
        var socket: Int32?
    }

    let wake: EventFD
    private let state = Mutex(State())

    init() throws { wake = try EventFD() }

    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Asks the thread to end in order.
    func stop() {
        state.withLock { $0.isStopping = true }
        wake.signal()
    }

    /// Breaks the connection, so that a call stuck in it returns with an error.
    func breakConnection() {
        // Under the lock, so that the number cannot belong to somebody else's socket by now.
        state.withLock { state in
            if let socket = state.socket { _ = shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    /// Says which socket the connection owns; nil before it closes it.
    func setSocket(_ socket: Int32?) { state.withLock { $0.socket = socket } }
}
