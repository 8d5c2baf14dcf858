public import SchedulerDomain
import Synchronization

/// Hints between the loops of one process; each reader keeps at most one of each kind.
public final class InMemoryWakeUps: WakeUps {
    private struct Reader {
        var pending: Set<WakeUp> = []
        var continuation: AsyncStream<WakeUp>.Continuation
    }

    private let readers = Mutex<[UInt64: Reader]>([:])
    private let nextReader = Mutex<UInt64>(0)

    public init() {}

    public func send(_ hint: WakeUp) async {
        readers.withLock { readers in
            for id in readers.keys where readers[id]?.pending.insert(hint).inserted == true {
                readers[id]?.continuation.yield(hint)
            }
        }
    }

    public func stream() -> AsyncStream<WakeUp> {
        let id = nextReader.withLock { next in
            next += 1
            return next
        }
        let (buffered, continuation) = AsyncStream.makeStream(of: WakeUp.self)
        readers.withLock { $0[id] = Reader(continuation: continuation) }
        continuation.onTermination = { [weak self] _ in
            self?.readers.withLock { $0[id] = nil }
        }
        // A kind leaves the pending set as it is read, so a hint sent while its reader works is kept for the next turn.
        return AsyncStream { [weak self] in
            for await hint in buffered {
                _ = self?.readers.withLock { $0[id]?.pending.remove(hint) }
                return hint
            }
            return nil
        }
    }
}
