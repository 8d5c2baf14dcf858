import Synchronization

/// A probe that is asked at most once at a time: all who want to know meanwhile share its answer, so that a caller who
/// polls `/health` cannot pile up calls on a dependency that hangs.
final class SharedProbe: Sendable {
    private struct State {
        var isUnderWay = false
        var lastID = 0
        var waiting: [Int: CheckedContinuation<Bool, Never>] = [:]
    }

    let probe: HealthProbe
    private let state = Mutex(State())

    init(_ probe: HealthProbe) { self.probe = probe }

    /// Returns whether the probe succeeded; false at once where the caller is cancelled.
    func answer() async -> Bool {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let starts: Bool? = state.withLock { state in
                    // The handler may have run already; it looks for the waiter under the same lock.
                    guard !Task.isCancelled else { return nil }
                    state.waiting[id] = continuation
                    defer { state.isUnderWay = true }
                    return !state.isUnderWay
                }
                guard let starts else { return continuation.resume(returning: false) }
                if starts { ask() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: id) }?.resume(returning: false)
        }
    }

    /// Runs the probe in a task of its own, because nobody who waits for it may be held up by it: a dependency that
    /// hangs need not notice that it was cancelled.
    ///
    /// There is at most one such task per probe.
    private func ask() {
        Task {
            let isUp = (try? await probe.check()) != nil
            let waiting = state.withLock { state in
                defer { state = State(lastID: state.lastID) }
                return state.waiting.values.map { $0 }
            }
            for continuation in waiting { continuation.resume(returning: isUp) }
        }
    }
}
