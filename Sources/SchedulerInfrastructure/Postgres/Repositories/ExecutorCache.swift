import SchedulerDomain
import Synchronization

/// The executors that versions of tasks ask for, as they were read lately: a version never changes, and each pass of the
/// picker asks for those of all that it reads.
///
/// Two generations: when the young one is full it takes the place of the old one.
final class ExecutorCache: Sendable {
    private struct State {
        var young: [TaskVersionID: String] = [:]
        var old: [TaskVersionID: String] = [:]

        mutating func keep(_ executor: String, of id: TaskVersionID, limit: Int) {
            if young.count >= limit {
                old = young
                young = [:]
            }
            young[id] = executor
        }
    }

    private let state = Mutex(State())
    /// The most versions of a generation.
    private let limit = 20_000

    func executors(of versions: Set<TaskVersionID>) -> [TaskVersionID: String] {
        state.withLock { state in
            var found: [TaskVersionID: String] = [:]
            for id in versions {
                if let executor = state.young[id] {
                    found[id] = executor
                } else if let executor = state.old[id] {
                    found[id] = executor
                    state.keep(executor, of: id, limit: limit)
                }
            }
            return found
        }
    }

    func keep(_ executors: [(TaskVersionID, String)]) {
        state.withLock { state in
            for (id, executor) in executors { state.keep(executor, of: id, limit: limit) }
        }
    }
}
