private import Synchronization

/// A flag that wakes one waiting loop.
///
/// Signals that come while the loop works are kept as one.
public final class Signal: Sendable {
    private struct State {
        var isSet = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    public init() {}

    /// Wakes the loop, now or when it next waits.
    public func set() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            state.isSet = state.waiter == nil
            return state.waiter
        }
        waiter?.resume()
    }

    /// Waits until it is set, the time is over, or the task is cancelled.
    ///
    /// - Precondition: one loop waits at a time.
    public func wait(atMost limit: Duration, clock: any Clock<Duration> = MonotonicClock()) async {
        guard limit > .zero else {
            // Let others run even where there is always more to do.
            await Task.yield()
            return
        }
        await withTaskGroup { group in
            group.addTask { await self.wait() }
            // A cancelled sleep ends the wait like one that is over.
            group.addTask { try? await clock.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    private func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let resumesNow = state.withLock { state in
                    if state.isSet || Task.isCancelled {
                        state.isSet = false
                        return true
                    }
                    precondition(state.waiter == nil, "one loop waits on a signal at a time")
                    state.waiter = continuation
                    return false
                }
                if resumesNow { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }
    }
}
