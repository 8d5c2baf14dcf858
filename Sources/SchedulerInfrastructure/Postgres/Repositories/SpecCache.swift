import SchedulerDomain
import Synchronization

/// The specs that were read lately: versions never change, and to read one out of its JSON costs as much as to fire it.
///
/// Two generations: what is found moves to the young one, and the old one is dropped when the young one is full.
final class SpecCache: Sendable {
    private struct State {
        var young: [TaskVersionID: (spec: TaskSpec, bytes: Int)] = [:]
        var old: [TaskVersionID: (spec: TaskSpec, bytes: Int)] = [:]
        var youngBytes = 0

        mutating func keep(_ id: TaskVersionID, _ entry: (spec: TaskSpec, bytes: Int), limit: Int) {
            guard young.updateValue(entry, forKey: id) == nil else { return }
            youngBytes += entry.bytes
            guard youngBytes > limit / 2 else { return }
            old = young
            young = [:]
            youngBytes = 0
        }
    }

    private let state = Mutex(State())
    private let limit: Int

    /// - Parameter limit: the most bytes of JSON whose specs are kept.
    init(limit: Int = 32 << 20) { self.limit = limit }

    func specs(of ids: some Sequence<TaskVersionID>) -> [TaskVersionID: TaskSpec] {
        state.withLock { state in
            var found: [TaskVersionID: TaskSpec] = [:]
            for id in ids {
                if let entry = state.young[id] {
                    found[id] = entry.spec
                } else if let entry = state.old[id] {
                    found[id] = entry.spec
                    state.keep(id, entry, limit: limit)
                }
            }
            return found
        }
    }

    /// - Parameter bytes: the length of its JSON.
    func keep(_ spec: TaskSpec, of id: TaskVersionID, bytes: Int) {
        state.withLock { $0.keep(id, (spec, bytes), limit: limit) }
    }
}
