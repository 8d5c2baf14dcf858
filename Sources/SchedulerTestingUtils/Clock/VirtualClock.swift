public import SchedulerDomain
public import SchedulerFoundation
private import Synchronization

/// A wall clock that stands still until a test moves it, so that nothing in a test waits for real time.
///
/// Sleepers are resumed in the order of their deadlines, and of their arrival where deadlines are equal. A test first
/// waits for whom it expects to sleep (`waitForSleepers`), then moves the time.
public final class VirtualClock: SchedulerClock {
    private struct Sleeper {
        var id: UInt64
        var deadline: UTCInstant
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct Watcher {
        var id: UInt64
        var count: Int
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: UTCInstant
        var lastID: UInt64 = 0
        var sleepers: [Sleeper] = []
        var watchers: [Watcher] = []

        mutating func nextID() -> UInt64 {
            lastID += 1
            return lastID
        }

        /// Takes out the watchers that have seen enough sleepers.
        mutating func takeSatisfiedWatchers() -> [Watcher] {
            let satisfied = watchers.filter { $0.count <= sleepers.count }
            watchers.removeAll { $0.count <= sleepers.count }
            return satisfied
        }
    }

    private let state: Mutex<State>

    /// 21 November 2026, 01:00 UTC: where the time stands unless a test says otherwise.
    public static let start = UTCInstant(secondsSinceEpoch: 1_795_222_800)

    public init(now: UTCInstant = VirtualClock.start) {
        state = Mutex(State(now: now))
    }

    public var now: UTCInstant { state.withLock { $0.now } }

    public var minimumResolution: Duration { .microseconds(1) }

    /// How many tasks sleep on this clock now.
    public var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    /// Moves the time forwards and resumes whose deadline has come, earliest first.
    ///
    /// - Precondition: `duration` is not negative; use `set(to:)` for a jump backwards.
    public func advance(by duration: Duration) {
        precondition(duration >= .zero, "time advances forwards")
        set(to: now.advanced(by: duration))
    }

    /// Sets the time, backwards too, as an administrator or a time server may; resumes whose deadline has come.
    public func set(to instant: UTCInstant) {
        let due = state.withLock { state in
            state.now = instant
            let due = state.sleepers.filter { $0.deadline <= instant }
            state.sleepers.removeAll { $0.deadline <= instant }
            return due.sorted { ($0.deadline, $0.id) < ($1.deadline, $1.id) }
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// Returns once at least `count` tasks sleep on this clock.
    ///
    /// - Throws: `CancellationError` when the waiting task is cancelled.
    public func waitForSleepers(_ count: Int) async throws {
        let id = state.withLock { $0.nextID() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let answer: Result<Void, any Error>? = state.withLock { state in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.sleepers.count >= count { return .success(()) }
                    state.watchers.append(Watcher(id: id, count: count, continuation: continuation))
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            let cancelled = state.withLock { state in
                state.watchers.firstIndex { $0.id == id }.map { state.watchers.remove(at: $0) }
            }
            cancelled?.continuation.resume(throwing: CancellationError())
        }
    }

    public func sleep(until deadline: UTCInstant, tolerance: Duration?) async throws {
        let id = state.withLock { $0.nextID() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let (answer, satisfied): (Result<Void, any Error>?, [Watcher]) = state.withLock { state in
                    // The cancellation handler may have run already; it looks for the sleeper under the same lock.
                    if Task.isCancelled { return (.failure(CancellationError()), []) }
                    if deadline <= state.now { return (.success(()), []) }
                    state.sleepers.append(Sleeper(id: id, deadline: deadline, continuation: continuation))
                    return (nil, state.takeSatisfiedWatchers())
                }
                if let answer { continuation.resume(with: answer) }
                for watcher in satisfied { watcher.continuation.resume() }
            }
        } onCancel: {
            let cancelled = state.withLock { state in
                state.sleepers.firstIndex { $0.id == id }.map { state.sleepers.remove(at: $0) }
            }
            cancelled?.continuation.resume(throwing: CancellationError())
        }
    }
}
