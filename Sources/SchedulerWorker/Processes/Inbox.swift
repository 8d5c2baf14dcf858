import CProcess
import DequeModule
import Glibc
import SchedulerErrors
import Synchronization

/// Hands values to threads that wait for them in the kernel.
final class Inbox<Element: Sendable>: Sendable {
    private struct State {
        var elements: Deque<Element> = []
        var isClosed = false
    }

    private let state = Mutex(State())
    /// Readable while something is to be taken.
    let descriptor: CInt

    /// - Parameter wakesEach: each value wakes one thread; else one wake-up stands for all values.
    init(wakesEach: Bool) throws {
        descriptor = scheduler_eventfd(wakesEach ? 1 : 0)
        guard descriptor >= 0 else {
            throw SchedulerError(.unavailable, "no event descriptor can be opened: \(systemMessage(errno))")
        }
    }

    deinit { _ = Glibc.close(descriptor) }

    func put(_ element: Element) {
        state.withLock { $0.elements.append(element) }
        scheduler_eventfd_signal(descriptor)
    }

    /// Puts a value before those that wait.
    func putFirst(_ element: Element) {
        state.withLock { $0.elements.prepend(element) }
        scheduler_eventfd_signal(descriptor)
    }

    /// Lets the threads that wait return nil, once nothing is left to take.
    func close(waking threads: Int) {
        state.withLock { $0.isClosed = true }
        for _ in 0..<threads { scheduler_eventfd_signal(descriptor) }
    }

    /// Waits for one value; nil after `close`.
    func takeOne() -> Element? {
        while true {
            scheduler_eventfd_wait(descriptor)
            let (element, isClosed) = state.withLock { ($0.elements.popFirst(), $0.isClosed) }
            if let element { return element }
            if isClosed { return nil }
        }
    }

    /// Takes what is there now, without waiting; the descriptor stays readable.
    func takeQueued() -> [Element] {
        state.withLock { state in
            defer { state.elements.removeAll() }
            return Array(state.elements)
        }
    }

    /// Takes all values after the descriptor became readable.
    func takeAll() -> (elements: [Element], isClosed: Bool) {
        scheduler_eventfd_wait(descriptor)
        return state.withLock { state in
            defer { state.elements.removeAll() }
            return (Array(state.elements), state.isClosed)
        }
    }
}
