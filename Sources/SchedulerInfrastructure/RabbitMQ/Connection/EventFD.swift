import CLinux
import Glibc
import SchedulerErrors

/// Wakes a thread that waits in `poll` for its socket.
final class EventFD: Sendable {
    let descriptor: Int32

    /// - Throws: `messageQueue` where the process has no descriptor left.
    init() throws {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard descriptor >= 0 else {
            throw SchedulerError(.messageQueue, "no file descriptor is left for the message queue (errno \(errno))")
        }
    }

    deinit { close(descriptor) }

    func signal() {
        var one: UInt64 = 1
        // It can only fail where the counter is full, and then the thread is awake already.
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Takes the signal back.
    func clear() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
    }

    /// Waits for a signal, and for the socket too where there is one; then takes the signal back.
    func wait(orReadable socket: Int32? = nil, atMost limit: Duration) {
        var descriptors = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
        if let socket { descriptors.append(pollfd(fd: socket, events: Int16(POLLIN), revents: 0)) }
        // Rounded up, so that a wait for half a millisecond does not spin.
        let milliseconds = (max(limit, .zero) + .microseconds(999)) / .milliseconds(1)
        // An interrupted wait ends like one that is over: every caller looks again.
        poll(&descriptors, nfds_t(descriptors.count), Int32(min(milliseconds, 3_600_000)))
        if descriptors[0].revents != 0 { clear() }
    }
}
