/// A wave of runs, or a backfill, as a graph with its states and times.
public struct Workflow: Sendable, Hashable {
    public enum State: String, Sendable, CaseIterable { case running, completed, failed, cancelled }

    /// A task's run in the wave, or a task that has none yet.
    public struct Node: Sendable, Hashable {
        public var task: TaskID
        public var name: String
        /// Nil while the task waits for others.
        public var run: TaskRun?
        /// The upstream tasks whose end it waits for.
        public var missing: [TaskID]
    }

    public struct Edge: Sendable, Hashable {
        public var from: TaskID
        public var fromRun: RunID?
        public var to: TaskID
        public var toRun: RunID?
        public var condition: TaskDependency.Condition
        /// Nil until the upstream run has ended.
        public var isFulfilled: Bool?
    }

    public var id: RunID
    public var state: State
    public var startedAt: UTCInstant?
    /// Nil while it is under way.
    public var completedAt: UTCInstant?
    public var nodes: [Node]
    public var edges: [Edge]
    /// Whether there are more nodes or edges than these.
    public var isTruncated: Bool

    /// Puts a workflow together; nil where there is none of the name.
    public init?(_ id: RunID, _ record: WaveRecord) {
        guard !record.runs.isEmpty else { return nil }
        self.id = id
        let waiting = Workflow.waiting(record)
        nodes =
            record.runs.map { run in
                Node(task: run.task, name: record.names[run.task] ?? "\(run.task)", run: run, missing: [])
            }
            + waiting.sorted { $0.key < $1.key }.map { task, missing in
                Node(task: task, name: record.names[task] ?? "\(task)", run: nil, missing: missing)
            }
        edges = Workflow.edges(record, waiting: waiting)
        isTruncated = record.isTruncated
        startedAt = record.runs.compactMap(\.startedAt).min()
        let isOver = waiting.isEmpty && record.statuses.allSatisfy(\.isTerminal)
        completedAt = isOver ? record.lastEnd : nil
        state = isOver ? Workflow.state(of: record.statuses) : .running
    }

    private static func state(of ends: Set<TaskRunStatus>) -> State {
        if !ends.isDisjoint(with: [.failed, .timeout]) { return .failed }
        return ends.contains(.cancelled) ? .cancelled : .completed
    }

    /// The tasks without a run that the wave may still come to, each with the upstream tasks that it waits for.
    ///
    /// Those have an arrival already, or depend on a task that is live or waits itself. A task that became part of the
    /// graph after the wave had passed its place is none of them. Where runs were left out, nobody can say which tasks
    /// have none, so only those with an arrival are named.
    private static func waiting(_ record: WaveRecord) -> [TaskID: [TaskID]] {
        let hasRun = Set(record.runs.map(\.task))
        let arrived = Dictionary(grouping: record.edges.filter { $0.childRun == nil }, by: \.task)
            .mapValues { Set($0.map(\.arrival.upstream)) }
        var coming = Set(record.runs.filter { !$0.status.isTerminal }.map(\.task))
        var waiting: [TaskID: [TaskID]] = [:]
        var dependents: [TaskID: [TaskID]] = [:]
        for (task, edges) in record.dependencies {
            for edge in edges { dependents[edge.upstream, default: []].append(task) }
        }
        var open = coming.flatMap { dependents[$0, default: []] } + arrived.keys
        while let task = open.popLast() {
            guard waiting[task] == nil, let edges = record.dependencies[task], !edges.isEmpty,
                arrived[task] != nil || !hasRun.contains(task) && !record.isTruncated
            else { continue }
            waiting[task] = edges.map(\.upstream).filter { arrived[task]?.contains($0) != true }
            if coming.insert(task).inserted { open += dependents[task, default: []] }
        }
        return waiting
    }

    private static func edges(_ record: WaveRecord, waiting: [TaskID: [TaskID]]) -> [Edge] {
        let known = record.edges.map { edge in
            Edge(
                from: edge.arrival.upstream, fromRun: edge.arrival.run, to: edge.task, toRun: edge.childRun,
                condition: edge.arrival.condition, isFulfilled: edge.arrival.isFulfilled)
        }
        let runs = Dictionary(record.runs.map { ($0.task, $0.id) }) { _, last in last }
        let expected = waiting.sorted { $0.key < $1.key }.flatMap { task, missing in
            record.dependencies[task, default: []].filter { missing.contains($0.upstream) }.map { edge in
                Edge(
                    from: edge.upstream, fromRun: runs[edge.upstream], to: task, toRun: nil, condition: edge.condition,
                    isFulfilled: nil)
            }
        }
        return known + expected
    }
}
