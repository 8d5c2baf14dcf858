/// What the ends of runs bring about at the tasks that depend on theirs: pure, so that every store decides alike.
///
/// **Who is authoritative.** The store, which holds the rows of the dependent tasks while it plans, so that arrivals at
/// one task are serial, and commits what is planned together with the ends themselves: no arrival is lost between two
/// concurrent batches, and no run is made twice.
///
/// **Where an end arrives.** At the open join of its own wave that lacks its edge. Where upstream tasks are scheduled
/// apart, so that one wave does not come to all of them, else at the oldest such join that lacks the edge. Else it
/// opens a join.
///
/// **What comes of a join.** A run as soon as every edge is fulfilled; a skipped run as soon as one cannot be any more;
/// one of both, once. A skipped run ends at once, and its end arrives at its own dependents in turn.
///
/// **Cancelled backfills.** Every end in a wave that came of one arrives as skipped, so that no dependent starts.
public struct WavePlan: Sendable {
    /// The most joins of one task that are open at once; beyond it the oldest ends as skipped.
    public static let openLimit = 100

    /// A dependent task as its transaction sees it.
    public struct Child: Sendable {
        public var task: TaskID
        public var tenant: TenantID
        public var edges: [TaskDependency]
        /// Why it takes no run, in words that follow its name; nil where it takes runs.
        public var refusal: String?
        /// How many more runs it may have; nil without limit.
        public var room: Int64?
        public var load: WaveLoad
        /// The open ones, oldest first.
        public var joins: [WaveJoin]

        public init(
            task: TaskID, tenant: TenantID, edges: [TaskDependency], refusal: String? = nil, room: Int64? = nil,
            load: WaveLoad = WaveLoad(), joins: [WaveJoin] = []
        ) {
            self.task = task
            self.tenant = tenant
            self.edges = edges
            self.refusal = refusal
            self.room = room
            self.load = load
            self.joins = joins
        }
    }

    public private(set) var children: [TaskID: Child] = [:]
    public var scope = WaveScope()
    /// The waves that runs of cancelled backfills are the roots of: nothing follows from ends in them.
    public var withdrawn: Set<RunID> = []
    /// What tasks are called in reasons.
    public var names: [TaskID: String] = [:]
    public private(set) var changes = WaveChanges()
    private var dependents: [TaskID: [TaskID]] = [:]
    private var spread: [RunEnd] = []
    /// The tasks whose joins were all judged once.
    private var judged: Set<TaskID> = []
    /// Whether waves with a root come to all upstream tasks of a child, by root and child.
    private var wholes: [TaskID: [TaskID: Bool]] = [:]
    private let now: UTCInstant
    private let makeRunID: @Sendable (UTCInstant) -> RunID

    /// - Parameter now: the store's time in the transaction.
    public init(now: UTCInstant, makeRunID: @escaping @Sendable (UTCInstant) -> RunID = { RunID(at: $0) }) {
        self.now = now
        self.makeRunID = makeRunID
    }

    /// Lets a task take part; one that does already stays as the plan has changed it.
    public mutating func add(_ child: Child) {
        guard children[child.task] == nil else { return }
        children[child.task] = child
        for edge in child.edges { dependents[edge.upstream, default: []].append(child.task) }
    }

    /// Records ends at the dependents that take part, in order.
    ///
    /// - Returns: the ends of the runs that were skipped for it, to be recorded next, once their dependents take part.
    public mutating func record(_ ends: [RunEnd]) -> [RunEnd] {
        for end in ends.map({ withdrawn.contains($0.wave) ? $0.withdrawn : $0 }) {
            for child in dependents[end.task, default: []].sorted() { arrive(end, at: child) }
        }
        defer { spread = [] }
        return spread
    }

    private mutating func arrive(_ end: RunEnd, at task: TaskID) {
        // Taken out while it changes, so that its joins are not copied with every arrival.
        guard var child = children.removeValue(forKey: task) else { return }
        defer { children[task] = child }
        guard let edge = child.edges.first(where: { $0.upstream == end.task }) else { return }
        var arrival = DependencyArrival(
            upstream: end.task, condition: edge.condition, run: end.run, wave: end.wave, status: end.status,
            arrivedAt: now)
        arrival.cause = end.cause
        let isWhole = child.edges.count == 1 || comesToAllUpstreams(of: child, end)
        let join = place(of: end, isWhole: isWhole, among: child.joins) ?? open(for: end, isWhole: isWhole, at: &child)
        child.joins[join].arrivals.append(arrival)
        changes.arrive(arrival, at: child.joins[join])
        // The edges may have changed since the last arrival, so the first one finds every join that they decide; after
        // it only the join that an arrival came to can have changed.
        let touched = judged.insert(task).inserted ? Array(child.joins.indices) : [join]
        for index in touched { judge(index, of: &child) }
        for index in touched.reversed() where child.edges.allSatisfy({ !child.joins[index].lacks($0.upstream) }) {
            changes.close(child.joins.remove(at: index))
        }
    }

    private mutating func open(for end: RunEnd, isWhole: Bool, at child: inout Child) -> Int {
        if child.joins.count >= WavePlan.openLimit { supersedeOldest(of: &child) }
        child.joins.append(
            WaveJoin(
                key: WaveJoin.Key(task: child.task, openedBy: end.run), wave: end.wave, isWhole: isWhole, openedAt: now)
        )
        return child.joins.count - 1
    }

    /// Whether the wave of an end comes to every upstream task, so that each ends in it exactly once.
    private mutating func comesToAllUpstreams(of child: Child, _ end: RunEnd) -> Bool {
        guard let root = scope.roots[end.wave] else { return false }
        if let known = wholes[root]?[child.task] { return known }
        let isWhole = child.edges.allSatisfy { scope.comes(to: $0.upstream, from: root) }
        wholes[root, default: [:]][child.task] = isWhole
        return isWhole
    }

    private func place(of end: RunEnd, isWhole: Bool, among joins: [WaveJoin]) -> Int? {
        joins.firstIndex { $0.wave == end.wave && $0.lacks(end.task) }
            ?? (isWhole ? nil : joins.firstIndex { !$0.isWhole && $0.lacks(end.task) })
    }

    /// Decides a join, where its arrivals do by the present edges.
    private mutating func judge(_ index: Int, of child: inout Child) {
        let join = child.joins[index]
        guard join.childRun == nil else { return }
        let ends = Dictionary(join.arrivals.map { ($0.upstream, $0.status) }) { _, last in last }
        switch TaskDependencyService([child.task: child.edges]).readiness(of: child.task, given: ends) {
        case .waiting: return
        case .ready: child.joins[index].childRun = start(join, of: &child)
        case .blocked(let upstreams):
            let (reason, cause) = explain(join.arrivals.first { $0.upstream == upstreams.first }, at: child)
            child.joins[index].childRun = skip(join, of: child, reason, cause)
        }
        changes.decide(child.joins[index])
    }

    /// Makes the run, or skips it where the task takes none.
    private mutating func start(_ join: WaveJoin, of child: inout Child) -> RunID {
        if let refusal = child.refusal ?? (child.room.map { $0 <= 0 } == true ? "has had all its runs" : nil) {
            let reason = "task \(name(child.task)) \(refusal)"
            return skip(join, of: child, reason, reason)
        }
        let last = join.arrivals.last
        if let refusal = child.load.refusal, !scope.unscheduled.contains(last?.wave ?? join.wave) {
            return skip(join, of: child, refusal, "task \(name(child.task)) was skipped: \(refusal)")
        }
        child.room? -= 1
        child.load.waiting += 1
        let id = makeRunID(now)
        changes.created.append(
            NewRun(
                id: id, tenant: child.tenant, task: child.task, trigger: .dependency,
                triggeredBy: last.map { "run \($0.run)" }, scheduledAt: now, dueAt: now,
                workflow: last?.wave ?? join.wave))
        return id
    }

    private mutating func skip(_ join: WaveJoin, of child: Child, _ reason: String, _ cause: String) -> RunID {
        let last = join.arrivals.last
        let skipped = SkippedRun(
            id: makeRunID(now), task: child.task, wave: last?.wave ?? join.wave,
            triggeredBy: last.map { "run \($0.run)" }, reason: reason, cause: cause)
        changes.skipped.append(skipped)
        spread.append(RunEnd(skipped))
        return skipped.id
    }

    private mutating func supersedeOldest(of child: inout Child) {
        var oldest = child.joins.removeFirst()
        if oldest.childRun == nil {
            let reason = "superseded: \(WavePlan.openLimit) younger waves wait for the same task"
            oldest.childRun = skip(oldest, of: child, reason, "task \(name(child.task)) was superseded")
            changes.decide(oldest)
        }
        changes.close(oldest)
    }

    /// Says why an arrival keeps the task from running, and what that goes back to.
    private func explain(_ arrival: DependencyArrival?, at child: Child) -> (reason: String, cause: String) {
        guard let arrival else { return ("a condition cannot hold", "a condition cannot hold") }
        let upstream = "task \(name(arrival.upstream))"
        if arrival.cause == RunEnd.withdrawal { return (RunEnd.withdrawal, RunEnd.withdrawal) }
        if arrival.status == .skipped {
            let cause = arrival.cause ?? "run \(arrival.run) tells why"
            return ("\(upstream) was skipped: \(cause)", cause)
        }
        let condition = child.edges.first { $0.upstream == arrival.upstream }?.condition ?? arrival.condition
        let cause = "\(upstream) \(arrival.status.told) in run \(arrival.run)"
        return ("\(cause), but the dependency asks for \(condition.rawValue)", cause)
    }

    private func name(_ task: TaskID) -> String { names[task].map { "\"\($0)\" (\(task))" } ?? "\(task)" }
}

extension TaskRunStatus {
    /// The end in words that follow the name of a task.
    fileprivate var told: String {
        switch self {
        case .completed: "completed"
        case .failed: "failed"
        case .timeout: "exceeded its time limit"
        case .cancelled: "was cancelled"
        case .skipped: "was skipped"
        case .pending, .dispatched, .running: "has not ended"
        }
    }
}
