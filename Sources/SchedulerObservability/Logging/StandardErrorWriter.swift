private import Glibc
private import Synchronization

/// Writes lines to standard error, each with one `write(2)`, without a buffer: what was logged before a crash is there.
///
/// A reader that takes nothing for 100 ms loses the line, so that logging never stops the scheduler. That is where the
/// descriptor does not block; on one that does, the system decides.
public final class StandardErrorWriter: LogWriter {
    private let descriptor: Int32
    /// One line at a time: above `PIPE_BUF` bytes the system may mix what two threads write.
    private let turn = Mutex(())

    public convenience init() { self.init(descriptor: STDERR_FILENO) }

    init(descriptor: Int32) { self.descriptor = descriptor }

    public func write(_ line: [UInt8]) {
        turn.withLock { _ in
            line.withUnsafeBytes { bytes in
                var rest = bytes[...]
                while !rest.isEmpty {
                    let written = Glibc.write(
                        descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                    if written >= 0 {
                        rest = rest.dropFirst(written)
                    } else if !mayGoOn(after: errno) {
                        return
                    }
                }
            }
        }
    }

    private func mayGoOn(after error: Int32) -> Bool {
        if error == EINTR { return true }
        guard error == EAGAIN else { return false }
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&request, 1, 100) > 0
    }
}
