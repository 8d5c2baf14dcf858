/// Which tasks have a run in which wave: the root's task and what descends from it in the present graph.
public struct WaveScope: Sendable {
    /// The task of the run at the root of each wave; a root that is not kept any more is absent.
    public var roots: [RunID: TaskID]
    /// The tasks that each task depends on.
    public var upstreams: [TaskID: [TaskID]]

    public init(roots: [RunID: TaskID] = [:], upstreams: [TaskID: [TaskID]] = [:]) {
        self.roots = roots
        self.upstreams = upstreams
    }

    /// Whether waves of a root come to the task.
    public func reaches(_ task: TaskID, from root: TaskID) -> Bool {
        var seen: Set<TaskID> = [task]
        var open = [task]
        while let next = open.popLast() {
            if next == root { return true }
            for upstream in upstreams[next, default: []] where seen.insert(upstream).inserted { open.append(upstream) }
        }
        return false
    }
}
