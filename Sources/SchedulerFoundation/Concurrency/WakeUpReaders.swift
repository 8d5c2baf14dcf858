public import SchedulerDomain
private import Synchronization

/// The readers of wake-ups in one process, each with at most one hint of each kind waiting.
public final class WakeUpReaders: Sendable {
    private struct Reader {
        var waiting: Set<WakeUp> = []
        var continuation: AsyncStream<WakeUp>.Continuation
    }

    private struct State {
        var readers: [UInt64: Reader] = [:]
        var next: UInt64 = 0
        var isFinished = false
    }

    private let state = Mutex(State())

    public init() {}

    /// Gives every reader the hint, unless one of its kind waits already.
    public func deliver(_ hint: WakeUp) {
        state.withLock { state in
            for id in state.readers.keys {
                guard let kept = state.readers[id]?.waiting.keep(hint) else { continue }
                state.readers[id]?.continuation.yield(kept)
            }
        }
    }

    /// Returns a stream that ends when its reader is cancelled or after `finish`.
    public func stream() -> AsyncStream<WakeUp> {
        let (buffered, continuation) = AsyncStream.makeStream(of: WakeUp.self)
        let id: UInt64? = state.withLock { state in
            guard !state.isFinished else { return nil }
            state.next += 1
            state.readers[state.next] = Reader(continuation: continuation)
            return state.next
        }
        guard let id else {
            continuation.finish()
            return buffered
        }
        continuation.onTermination = { [weak self] _ in
            // A reader that goes away is dropped; its continuation must not be released under the lock.
            _ = self?.state.withLock { $0.readers.removeValue(forKey: id) }
        }
        // A kind stops waiting as it is read, so a hint sent while its reader works is kept for the next turn.
        return AsyncStream { [weak self] in
            for await hint in buffered {
                self?.state.withLock { _ = $0.readers[id]?.waiting.remove(hint) }
                return hint
            }
            return nil
        }
    }

    /// Ends all streams, and every later one at once.
    public func finish() {
        let readers = state.withLock { state in
            state.isFinished = true
            defer { state.readers.removeAll() }
            return Array(state.readers.values)
        }
        for reader in readers { reader.continuation.finish() }
    }
}
