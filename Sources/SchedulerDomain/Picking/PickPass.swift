/// One pass of the picker over a store that is read in parts.
///
/// It reads the first runs of each class, plans, and reads on only where that may change the plan: more of a class of
/// which all that was read starts; and lanes where a class is *hidden*, which means that its first runs are held by
/// limits and more is due behind them. Lanes are read as well where other classes would fill every slot: else what lies
/// behind a held backlog would never have its turn.
public struct PickPass: Sendable {
    /// The most lanes that a pass looks at; the next goes on after them.
    public static let mostLanes = 1_000

    /// What was read.
    public private(set) var snapshot: PickSnapshot
    public private(set) var plan: PickPlan
    /// Whose turn it is afterwards, and where the next pass goes on.
    public private(set) var turns: PickTurns
    /// More may start now: the pass ended at a bound of its own.
    public private(set) var isPartial = false
    private let slots: FreeSlots
    private let limit: Int
    private let size: Int
    private let mostLanes: Int
    /// The classes of which more may be due than was read.
    private var cut: Set<PickClass> = []
    /// The versions whose executors are known.
    private var asked: Set<TaskVersionID> = []

    /// - Parameters:
    ///   - situation: the time, the turns, the workers and what is under way.
    ///   - slots: what may be filled.
    ///   - limit: the most runs to start.
    ///   - size: how many runs of a class to read at first; nil: as many as may start.
    ///   - mostLanes: how many lanes to look at.
    ///   - run: a run whose limits, and whether it can be executed, are wanted as well.
    public init(
        _ situation: PickSnapshot,
        slots: FreeSlots,
        limit: Int,
        size: Int? = nil,
        mostLanes: Int = PickPass.mostLanes,
        also run: WaitingRun? = nil,
        from source: some PickSource
    ) throws {
        snapshot = situation
        self.slots = slots
        self.limit = limit
        self.size = size ?? max(limit, 64)
        self.mostLanes = mostLanes
        turns = situation.turns
        plan = PickPlan(situation, slots: slots, limit: limit)
        if let run {
            try readLimits(of: [run.task], from: source)
            try readExecutors(of: [run], from: source)
        }
        let types = slots.types
        guard !types.isEmpty else { return }
        take(try source.heads(of: types, at: snapshot.now, size: self.size))
        guard !snapshot.waiting.isEmpty else { return }
        try decide(from: source)
        try readDeeper(from: source)
        try readLanes(from: source)
    }

    /// Reads more of the classes of which all that was read starts, where slots are left for them.
    private mutating func readDeeper(from source: some PickSource) throws {
        let short = exhausted
        let most = max(1, 4 * size / max(1, short.count))
        let read = Dictionary(grouping: snapshot.waiting, by: \.pickClass).mapValues(\.count)
        let deeper = short.filter { read[$0] ?? 0 < most }
        if !deeper.isEmpty {
            let known = Set(snapshot.waiting.map(\.id))
            cut.subtract(deeper)
            take(try source.heads(of: deeper, at: snapshot.now, size: most), leavingOut: known)
            try decide(from: source)
        }
        isPartial = plan.runs.count >= limit || !exhausted.isEmpty
    }

    private mutating func readLanes(from source: some PickSource) throws {
        let hidden = hidden
        guard !hidden.isEmpty else { return }
        let request = PickLanes.Request(
            now: snapshot.now, after: turns.sweep.last, most: mostLanes, named: turns.sweep.found,
            types: Set(hidden.map(\.taskType)).sorted(),
            leavingOut: PickAdmission(snapshot, slots: slots).tasksAtLimit(among: snapshot.underWay), size: size)
        let lanes = try source.lanes(request)
        var known = Set(snapshot.waiting.map(\.id))
        let new = lanes.runs.filter { hidden.contains($0.run.pickClass) && known.insert($0.run.id).inserted }
        snapshot.waiting += new.map(\.run)
        try decide(from: source)
        sweep(lanes, new: new, hidden: hidden)
    }

    /// Notes how far the walk over the lanes has come, and what waits there for its turn.
    private mutating func sweep(_ lanes: PickLanes, new: [(run: WaitingRun, lane: PickLane)], hidden: Set<PickClass>) {
        let started = Set(plan.runs.map(\.id))
        let left = new.filter { !started.contains($0.run.id) }
        let open = Set(lanes.runs.filter { !started.contains($0.run.id) }.map(\.lane))
        let isFull = plan.runs.count >= limit
        let hasSlots = hidden.contains { plan.freeSlots.has($0.taskType) }
        let goesOn = turns.sweep.advance(
            to: lanes.last, found: firstLanes(of: left.filter { !plan.isHeld($0.run) }),
            leavesRuns: isFull || !hasSlots || !lanes.cut.isSubset(of: open))
        isPartial = isFull || !exhausted.isEmpty || hasSlots && goesOn
    }

    /// The lane of the earliest run of each tenant and priority, the earliest first.
    private func firstLanes(of left: [(run: WaitingRun, lane: PickLane)]) -> [PickLane] {
        struct Place: Hashable {
            var tenant: TenantID
            var level: Int
        }
        var places: Set<Place> = []
        var lanes: [PickLane] = []
        for (run, lane) in left.sorted(by: { $0.run < $1.run }) {
            let place = Place(tenant: run.tenant, level: run.effectivePriority(at: snapshot.now).level)
            if places.insert(place).inserted, !lanes.contains(lane) { lanes.append(lane) }
        }
        return lanes
    }

    /// Plans by all that was read.
    private mutating func decide(from source: some PickSource) throws {
        try readLimits(of: Set(snapshot.waiting.map(\.task) + snapshot.underWay.map(\.task)), from: source)
        try readExecutors(of: snapshot.waiting, from: source)
        plan = PickPlan(snapshot, slots: slots, limit: limit)
        turns = plan.turns
    }

    /// Finds out which runs not every worker that takes them can execute.
    private mutating func readExecutors(of runs: [WaitingRun], from source: some PickSource) throws {
        let abilities = PickAbilities(of: snapshot.workers)
        let new = runs.filter { abilities.isLimited($0.taskType) && !asked.contains($0.version) }
        let versions = Set(new.map(\.version))
        guard !versions.isEmpty else { return }
        asked.formUnion(versions)
        snapshot.note(try source.executors(of: versions), of: new)
    }

    private mutating func readLimits(of tasks: Set<TaskID>, from source: some PickSource) throws {
        let unknown = tasks.subtracting(snapshot.tasks.keys)
        guard !unknown.isEmpty else { return }
        let limits = try source.limits(of: unknown)
        snapshot.tasks.merge(limits.tasks) { _, new in new }
        snapshot.tenants = limits.tenants
    }

    private mutating func take(_ heads: PickHeads, leavingOut known: Set<RunID> = []) {
        snapshot.waiting += heads.runs.filter { !known.contains($0.id) }
        cut.formUnion(heads.cut)
    }

    /// What was read of each cut class and does not start.
    private var leftOfCut: [PickClass: [WaitingRun]] {
        let started = Set(plan.runs.map(\.id))
        var left = Dictionary(uniqueKeysWithValues: cut.map { ($0, [WaitingRun]()) })
        for run in snapshot.waiting where !started.contains(run.id) { left[run.pickClass]?.append(run) }
        return left
    }

    /// The cut classes of which all that was read starts, and for which slots are left.
    private var exhausted: [PickClass] {
        guard plan.runs.count < limit, !cut.isEmpty else { return [] }
        return leftOfCut.filter { $0.value.isEmpty && plan.freeSlots.has($0.key.taskType) }.map(\.key)
    }

    /// The cut classes of which all that was read and does not start is held by limits.
    private var hidden: Set<PickClass> {
        guard !cut.isEmpty else { return [] }
        return Set(leftOfCut.filter { !$0.value.isEmpty && $0.value.allSatisfy(plan.isHeld) }.map(\.key))
    }
}
