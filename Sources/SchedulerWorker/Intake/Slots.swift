import SchedulerFoundation
import Synchronization

/// How many more runs a worker may execute at once.
final class Slots: Sendable {
    private struct State {
        var free: Int
        /// Fires when a slot becomes free; made by the first who waits.
        var freed: Latch<Void>?
    }

    let total: Int
    private let state: Mutex<State>

    init(_ total: Int) {
        self.total = total
        state = Mutex(State(free: total))
    }

    var free: Int { state.withLock { $0.free } }

    /// Takes at most `count` slots.
    ///
    /// - Returns: how many; each is to be released.
    func take(upTo count: Int) -> Int {
        state.withLock { state in
            let taken = min(count, state.free)
            state.free -= taken
            return taken
        }
    }

    func release(_ count: Int) {
        guard count > 0 else { return }
        let freed = state.withLock { state in
            state.free += count
            precondition(state.free <= total, "more slots were released than taken")
            defer { state.freed = nil }
            return state.freed
        }
        freed?.fire(())
    }

    /// Waits until a slot is free, or the task is cancelled.
    ///
    /// Who wakes up may find it taken again.
    func waitUntilFree() async {
        let freed: Latch<Void>? = state.withLock { state in
            guard state.free == 0 else { return nil }
            let latch = state.freed ?? Latch<Void>()
            state.freed = latch
            return latch
        }
        await freed?.wait()
    }
}
