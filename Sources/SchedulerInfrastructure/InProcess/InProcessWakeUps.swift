public import SchedulerDomain
private import Synchronization

/// Hints between the loops of one process.
///
/// Nothing has to be spared here, so every hint is passed on at once; each reader keeps at most one of each kind.
public final class InProcessWakeUps: WakeUps {
    private struct Reader {
        /// Kinds that wait in the stream.
        var pending: Set<WakeUp> = []
        let continuation: AsyncStream<WakeUp>.Continuation
    }

    private struct State {
        var readers: [Int: Reader] = [:]
        var lastReader = 0
    }

    private let state = Mutex(State())

    public init() {}

    public func send(_ hint: WakeUp) async {
        state.withLock { state in
            for id in state.readers.keys where state.readers[id]?.pending.insert(hint).inserted == true {
                state.readers[id]?.continuation.yield(hint)
            }
        }
    }

    public func stream() -> AsyncStream<WakeUp> {
        let (hints, continuation) = AsyncStream.makeStream(of: WakeUp.self)
        let id = state.withLock { state in
            state.lastReader += 1
            state.readers[state.lastReader] = Reader(continuation: continuation)
            return state.lastReader
        }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.readers.removeValue(forKey: id) }
        }
        // A kind stops pending as it is handed out, so one that is sent while its reader works is kept for the next turn.
        return AsyncStream { [weak self] in
            for await hint in hints {
                _ = self?.state.withLock { $0.readers[id]?.pending.remove(hint) }
                return hint
            }
            return nil
        }
    }
}
