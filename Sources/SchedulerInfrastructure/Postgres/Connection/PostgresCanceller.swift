private import CPostgres
private import SchedulerErrors
private import Synchronization

/// Cancels what one session executes, from any other thread.
///
/// The call opens a connection and blocks for it, so it belongs on a thread of its own. It reaches whatever the
/// session executes at that moment; a session that is idle ignores it.
final class PostgresCanceller: Sendable {
    /// The address of libpq's `PGcancel`, freed by `close`; nil afterwards.
    ///
    /// A number, because pointers are not Sendable.
    private let handle: Mutex<UInt?>

    init(of connection: OpaquePointer) {
        handle = Mutex(PQgetCancel(connection).map { UInt(bitPattern: $0) })
    }

    deinit { close() }

    /// Asks the server to cancel; the statement then fails with 57014, mapped to `timeout`.
    ///
    /// - Returns: whether the server took the request.
    @discardableResult
    func cancel() -> Bool {
        handle.withLock { handle in
            guard let handle, let pointer = OpaquePointer(bitPattern: handle) else { return false }
            return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
                PQcancel(pointer, buffer.baseAddress, 256) == 1
            }
        }
    }

    func close() {
        handle.withLock { handle in
            if let pointer = handle.flatMap({ OpaquePointer(bitPattern: $0) }) { PQfreeCancel(pointer) }
            handle = nil
        }
    }
}
