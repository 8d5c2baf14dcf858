private import CLinux
private import Glibc
import SchedulerDomain
import SchedulerFoundation
private import Synchronization

/// What the listening thread shares with the rest of the process: hints to send and the wish to stop.
final class WakeUpHub: Sendable {
    private struct State {
        var hasBegun = false
        var isStopping = false
        var isEnded = false
        var unsent: Set<WakeUp> = []
        var stopped: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    /// Ends the thread's `poll`; closed with the hub.
    private let event = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))

    deinit { close(event) }

    var isStopping: Bool { state.withLock { $0.isStopping } }
    var hasUnsent: Bool { state.withLock { !$0.unsent.isEmpty } }

    /// - Returns: true for the one caller that shall start the thread.
    func begin() -> Bool {
        state.withLock { state in
            guard !state.hasBegun, !state.isStopping else { return false }
            state.hasBegun = true
            return true
        }
    }

    func send(_ hint: WakeUp) {
        // Only the first of each kind wakes the thread; what comes before it is sent goes with it.
        let isNew = state.withLock { $0.unsent.keep(hint) != nil }
        if isNew { wake() }
    }

    func takeUnsent() -> [WakeUp] {
        state.withLock { state in
            defer { state.unsent.removeAll() }
            return Array(state.unsent)
        }
    }

    /// Blocks the thread until the socket has something to read, somebody wakes it, or the deadline.
    ///
    /// - Parameter socket: nil waits for the others only.
    func wait(for socket: Int32?, until deadline: MonotonicInstant) {
        var descriptors = [pollfd(fd: event, events: Int16(POLLIN), revents: 0)]
        if let socket { descriptors.append(pollfd(fd: socket, events: Int16(POLLIN), revents: 0)) }
        poll(&descriptors, nfds_t(descriptors.count), deadline.pollTimeout)
        var count: eventfd_t = 0
        if descriptors[0].revents != 0 { eventfd_read(event, &count) }
    }

    /// Blocks the thread for a while, but not past the wish to stop.
    func sleep(_ duration: Duration) {
        let deadline = MonotonicInstant.after(duration)
        while !isStopping, !deadline.hasPassed { wait(for: nil, until: deadline) }
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        wake()
    }

    /// Returns when the thread has ended, or at once where it never began.
    func stopAndWait() async {
        stop()
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.hasBegun, !state.isEnded {
                    state.stopped.append(continuation)
                    return false
                }
                return true
            }
            if isOver { continuation.resume() }
        }
    }

    /// The thread's last act.
    func ended() {
        let waiting = state.withLock { state in
            state.isEnded = true
            defer { state.stopped.removeAll() }
            return state.stopped
        }
        for continuation in waiting { continuation.resume() }
    }

    private func wake() { eventfd_write(event, 1) }
}
