/// What the live workers of each type can execute, as they say themselves.
public struct PickAbilities: Sendable, Hashable {
    /// How many of the workers that take a type have an executor.
    public enum Holders: Sendable, Hashable {
        case nobody, some, everybody
    }

    private struct Workers: Sendable, Hashable {
        var count = 0
        /// Those that did not say what they can, and are taken to be able to execute anything.
        var unsaid = 0
        var byExecutor: [String: Int] = [:]
    }

    private var types: [String: Workers] = [:]

    public init(of workers: [WorkerSlots]) {
        for worker in workers where worker.takesRuns {
            for type in Set(worker.taskTypes) { note(worker.executors, for: type) }
        }
    }

    private mutating func note(_ executors: [String]?, for type: String) {
        types[type, default: Workers()].count += 1
        guard let executors else {
            types[type, default: Workers()].unsaid += 1
            return
        }
        for executor in Set(executors) { types[type, default: Workers()].byExecutor[executor, default: 0] += 1 }
    }

    /// Whether there is anything that a run of the type may ask some worker for in vain.
    public func isLimited(_ type: String) -> Bool { types[type].map { $0.unsaid < $0.count } ?? false }

    /// Who has the executor of those that take the type; everybody where there are none.
    public func holders(of executor: String, for type: String) -> Holders {
        guard let workers = types[type] else { return .everybody }
        let able = workers.unsaid + (workers.byExecutor[executor] ?? 0)
        if able == workers.count { return .everybody }
        return able == 0 ? .nobody : .some
    }
}
