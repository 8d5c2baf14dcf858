import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import Synchronization

/// The versions of tasks that a worker executed lately.
///
/// A version never changes, so nothing in it grows old.
final class TaskSpecCache: Sendable {
    private struct State {
        var recent: [TaskVersionID: TaskSpec] = [:]
        var older: [TaskVersionID: TaskSpec] = [:]
    }

    private let state = Mutex(State())
    private let half: Int
    private let loads: Batcher<TaskVersionID, TaskSpec?>

    /// - Parameter limit: how many versions are kept at most.
    init(tasks: any TaskRepository, limit: Int = 1_000) {
        half = max(1, limit / 2)
        loads = Batcher("loading tasks") { ids in
            let found = try await tasks.versions(Set(ids).sorted())
            return ids.map { found[$0] }
        }
    }

    /// Returns the spec of a version; waits while the store is away.
    ///
    /// - Returns: nil where the store does not know the version.
    /// - Throws: `CancellationError`, and what no repetition mends.
    func spec(of version: TaskVersionID) async throws -> TaskSpec? {
        if let spec = cached(version) { return spec }
        var backoff = Backoff()
        while true {
            do {
                let spec = try await loads.submit(version)
                if let spec { keep(spec, version) }
                return spec
            } catch let error as SchedulerError where error.isTransient {
                try await MonotonicClock.sleep(for: backoff.next())
            }
        }
    }

    private func cached(_ version: TaskVersionID) -> TaskSpec? {
        state.withLock { state in
            if let spec = state.recent[version] { return spec }
            guard let spec = state.older[version] else { return nil }
            insert(spec, version, &state)
            return spec
        }
    }

    private func keep(_ spec: TaskSpec, _ version: TaskVersionID) {
        state.withLock { insert(spec, version, &$0) }
    }

    /// When one half is full the other, which was not used since, is forgotten.
    private func insert(_ spec: TaskSpec, _ version: TaskVersionID, _ state: inout State) {
        if state.recent.count >= half {
            state.older = state.recent
            state.recent = [:]
        }
        state.recent[version] = spec
    }
}
