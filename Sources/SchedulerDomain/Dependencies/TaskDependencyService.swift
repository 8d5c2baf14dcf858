/// The graph of dependencies between tasks: refuses cycles, and tells when a task may run.
public struct TaskDependencyService: Sendable {
    /// Whether a task may run, given how its upstream tasks ended.
    public enum Readiness: Sendable, Hashable {
        case ready
        /// Upstream tasks that have not ended, in the order of the edges.
        case waiting(on: [TaskID])
        /// Upstream tasks that ended otherwise than their edge asks for: the task will not run.
        case blocked(by: [TaskID])
    }

    private let dependencies: [TaskID: [TaskDependency]]

    /// - Parameter dependencies: the edges of each task; a task without edges may be absent.
    public init(_ dependencies: [TaskID: [TaskDependency]]) { self.dependencies = dependencies }

    /// Returns the tasks of a cycle that new edges of a task would close, from the task back to itself; nil where
    /// there is none.
    ///
    /// A depth-first search with a stack of its own, so that a long chain cannot exhaust the thread's.
    public func cycle(adding edges: [TaskDependency], to task: TaskID) -> [TaskID]? {
        var cameFrom: [TaskID: TaskID] = [:]
        var open = edges.reversed().map { (node: $0.upstream, from: task) }
        while let (node, from) = open.popLast() {
            if node == task { return way(from: task, to: from, by: cameFrom) + [task] }
            guard cameFrom[node] == nil else { continue }
            cameFrom[node] = from
            open += dependencies[node, default: []].reversed().map { (node: $0.upstream, from: node) }
        }
        return nil
    }

    private func way(from start: TaskID, to end: TaskID, by cameFrom: [TaskID: TaskID]) -> [TaskID] {
        var way = [end]
        while let last = way.last, last != start, let before = cameFrom[last] { way.append(before) }
        return way.reversed()
    }

    /// Tells whether a task may run.
    ///
    /// - Parameter ends: how the latest runs of its upstream tasks stand; a task that has none may be absent.
    public func readiness(of task: TaskID, given ends: [TaskID: TaskRunStatus]) -> Readiness {
        let edges = dependencies[task, default: []]
        let blocking = edges.filter { edge in
            guard let status = ends[edge.upstream], status.isTerminal else { return false }
            return !edge.condition.isFulfilled(by: status)
        }
        if !blocking.isEmpty { return .blocked(by: blocking.map(\.upstream)) }
        let open = edges.filter { edge in ends[edge.upstream].map { !$0.isTerminal } ?? true }
        return open.isEmpty ? .ready : .waiting(on: open.map(\.upstream))
    }
}
