/// Which tasks have a run in which wave: the root's task, and each task that depends only on tasks of the wave.
///
/// A task with an upstream that the wave does not come to is none of them, even where the wave comes to another of its
/// upstreams: its run belongs to whichever wave completes its set.
public struct WaveScope: Sendable {
    /// The task of the run at the root of each wave; a root that is not kept any more is absent.
    public var roots: [RunID: TaskID]
    /// The waves that no schedule began, but a person or a backfill.
    public var unscheduled: Set<RunID> = []
    /// The tasks that each task depends on.
    public var upstreams: [TaskID: [TaskID]] { didSet { known = [:] } }
    /// What was found out so far, by root and task.
    private var known: [TaskID: [TaskID: Bool]] = [:]

    public init(roots: [RunID: TaskID] = [:], upstreams: [TaskID: [TaskID]] = [:]) {
        self.roots = roots
        self.upstreams = upstreams
    }

    /// Notes the run at the root of a wave.
    public mutating func addRoot(_ wave: RunID, of task: TaskID, trigger: TriggerType) {
        roots[wave] = task
        if trigger != .scheduled { unscheduled.insert(wave) }
    }

    /// Whether every wave of a root comes to the task.
    ///
    /// A search with a stack of its own, so that a long chain cannot exhaust the thread's. Edges that were read one after
    /// the other during an edit may close a cycle: no wave comes there.
    public mutating func comes(to task: TaskID, from root: TaskID) -> Bool {
        var answers = known[root] ?? [root: true]
        var expanded: Set<TaskID> = []
        var open = [task]
        while let next = open.last {
            let edges = upstreams[next, default: []]
            if answers[next] == nil, expanded.insert(next).inserted {
                open += edges.filter { answers[$0] == nil }
                continue
            }
            open.removeLast()
            if answers[next] == nil {
                answers[next] = !edges.isEmpty && edges.allSatisfy { answers[$0] == true }
            }
        }
        known[root] = answers
        return answers[task] == true
    }
}
