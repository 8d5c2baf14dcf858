/// What a live worker offers.
public struct WorkerSlots: Sendable, Hashable {
    public var worker: WorkerID
    public var slots: Int
    public var taskTypes: [String]
    /// False for a worker that is draining or not ready yet: what runs there takes no slot of the others.
    public var takesRuns: Bool
    /// What it can execute; nil: it did not say, and is taken to be able to execute anything.
    public var executors: [String]?

    public init(
        worker: WorkerID, slots: Int, taskTypes: [String], takesRuns: Bool = true, executors: [String]? = nil
    ) {
        self.worker = worker
        self.slots = slots
        self.taskTypes = taskTypes
        self.takesRuns = takesRuns
        self.executors = executors
    }
}

/// The slots that may be filled.
///
/// Workers that take the same types are one group. What is on its way has no worker yet, so it is counted for any
/// group that takes its type, and for another as soon as that makes room: a type has a free slot exactly if all that is
/// on its way and one run more of it can be given slots at once. What finds no slot, since its workers went away, takes
/// none of the others.
///
/// - SeeAlso: Kuhn, "The Hungarian Method for the Assignment Problem", 1955, for the augmenting paths.
public struct FreeSlots: Sendable, Hashable {
    private struct Group: Sendable, Hashable {
        let types: Set<String>
        var free: Int
        /// Free or not.
        var all: Int
        /// What is counted here of all that is on its way, by type.
        var onTheWay: [String: Int] = [:]
    }

    private var groups: [Group]

    /// What live workers can start beyond what runs on them and what is on its way to them.
    public init(of workers: [WorkerSlots], underWay: [RunsUnderWay]) {
        var running: [WorkerID: Int] = [:]
        for runs in underWay { if let worker = runs.worker { running[worker, default: 0] += runs.count } }
        var groups: [Set<String>: Group] = [:]
        for worker in workers where worker.takesRuns {
            let types = Set(worker.taskTypes)
            let free = max(0, worker.slots - (running[worker.worker] ?? 0))
            groups[types, default: Group(types: types, free: 0, all: 0)].free += free
            groups[types, default: Group(types: types, free: 0, all: 0)].all += worker.slots
        }
        self.groups = groups.values.sorted { FreeSlots.isTriedFirst($0.types, $1.types) }
        for runs in underWay where runs.worker == nil {
            var left = runs.count
            while left > 0, take(runs.taskType) { left -= 1 }
        }
    }

    /// The slots that one worker asks for.
    public init(_ count: Int, of types: [String]) {
        groups = [Group(types: Set(types), free: count, all: count)]
    }

    public var isEmpty: Bool { !groups.contains { $0.free > 0 } }

    /// How many slots are free, of whichever type.
    public var total: Int { groups.reduce(0) { $0 + $1.free } }

    /// The types that a run can be started of now.
    public var types: [String] { Set(groups.flatMap(\.types)).filter(has).sorted() }

    public func has(_ type: String) -> Bool { path(from: type) != nil }

    /// All slots of the workers that take a type, free or not; nil where there is no such worker.
    public func slots(of type: String) -> Int? {
        let groups = groups.filter { $0.types.contains(type) }
        return groups.isEmpty ? nil : groups.reduce(0) { $0 + $1.all }
    }

    /// The types that share slots with the given one, directly or through others, itself included.
    public func types(sharingWith type: String) -> Set<String> {
        var types: Set<String> = [type]
        while true {
            let all = groups.filter { !$0.types.isDisjoint(with: types) }.reduce(types) { $0.union($1.types) }
            if all == types { return types }
            types = all
        }
    }

    /// The same with more slots than there can be runs, of the type and of all that share slots with it.
    public func endless(for type: String) -> FreeSlots {
        let types = types(sharingWith: type)
        var slots = self
        for index in groups.indices where !groups[index].types.isDisjoint(with: types) {
            slots.groups[index].free = 1 << 40
        }
        return slots
    }

    /// Counts a run of the type; false: there is no slot for it.
    @discardableResult
    mutating func take(_ type: String) -> Bool {
        guard let path = path(from: type) else { return false }
        for (step, next) in zip(path, path.dropFirst()) { groups[step.group].onTheWay[next.type, default: 0] -= 1 }
        for step in path { groups[step.group].onTheWay[step.type, default: 0] += 1 }
        if let last = path.last { groups[last.group].free -= 1 }
        return true
    }

    /// Counts a run of the type that goes to a worker of exactly these types; it makes room for no other.
    mutating func take(_ type: String, of types: Set<String>) {
        if let group = groups.firstIndex(where: { $0.free > 0 && $0.types == types }) {
            groups[group].free -= 1
        } else {
            take(type)
        }
    }

    /// One run of the type is to be counted for the group.
    private struct Step {
        var type: String
        var group: Int
        /// The step that it makes room for.
        var previous: Int?
    }

    /// How a run of the type finds a slot: each step makes room for the one before it, the last takes a free slot.
    private func path(from type: String) -> [Step]? {
        if let group = groups.firstIndex(where: { $0.free > 0 && $0.types.contains(type) }) {
            return [Step(type: type, group: group)]
        }
        var steps: [Step] = []
        var reached: Set<Int> = []
        func reach(_ type: String, from previous: Int?) {
            for group in groups.indices where groups[group].types.contains(type) && reached.insert(group).inserted {
                steps.append(Step(type: type, group: group, previous: previous))
            }
        }
        reach(type, from: nil)
        var next = 0
        while next < steps.count {
            let group = groups[steps[next].group]
            if group.free > 0 { return way(to: next, in: steps) }
            for type in group.onTheWay.filter({ $0.value > 0 }).keys.sorted() { reach(type, from: next) }
            next += 1
        }
        return nil
    }

    private func way(to last: Int, in steps: [Step]) -> [Step] {
        var way: [Step] = []
        var index: Int? = last
        while let step = index.map({ steps[$0] }) {
            way.append(step)
            index = step.previous
        }
        return way.reversed()
    }

    /// Workers of few types are filled first, so that the flexible ones are left.
    private static func isTriedFirst(_ one: Set<String>, _ other: Set<String>) -> Bool {
        one.count != other.count
            ? one.count < other.count : one.sorted().lexicographicallyPrecedes(other.sorted())
    }
}
