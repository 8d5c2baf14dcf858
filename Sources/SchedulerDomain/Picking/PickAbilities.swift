/// What the live workers of each type can execute, as they say themselves.
public struct PickAbilities: Sendable, Hashable {
    /// By type; a type is missing where no worker takes it, or one of those that do did not say what it can.
    private let executors: [String: Set<String>]

    public init(of workers: [WorkerSlots]) {
        var executors: [String: Set<String>] = [:]
        var unsaid: Set<String> = []
        for worker in workers where worker.takesRuns {
            for type in worker.taskTypes {
                if let names = worker.executors {
                    executors[type, default: []].formUnion(names)
                } else {
                    unsaid.insert(type)
                }
            }
        }
        self.executors = executors.filter { !unsaid.contains($0.key) }
    }

    /// Whether there is anything that a run of the type may ask for in vain.
    public func isLimited(_ type: String) -> Bool { executors[type] != nil }

    /// Whether some workers take the type and none of them has the executor.
    public func lack(_ executor: String, for type: String) -> Bool {
        executors[type].map { !$0.contains(executor) } ?? false
    }
}
