import SchedulerFoundation
import Synchronization

/// Tells one stream that it shall end: its reader has left, or the server stops.
final class StreamEnd: Sendable {
    private let ended = Atomic(false)
    private let signal = Signal()

    var hasCome: Bool { ended.load(ordering: .acquiring) }

    func come() {
        ended.store(true, ordering: .releasing)
        signal.set()
    }

    /// Waits until it comes, the time is over, or the task is cancelled.
    func wait(atMost limit: Duration) async { await signal.wait(atMost: limit) }
}
