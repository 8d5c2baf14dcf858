/// What a live worker offers.
public struct WorkerSlots: Sendable, Hashable {
    public var worker: WorkerID
    public var slots: Int
    public var taskTypes: [String]
    /// False for a worker that is draining or not ready yet: what runs there takes no slot of the others.
    public var takesRuns: Bool

    public init(worker: WorkerID, slots: Int, taskTypes: [String], takesRuns: Bool = true) {
        self.worker = worker
        self.slots = slots
        self.taskTypes = taskTypes
        self.takesRuns = takesRuns
    }
}

/// The slots that may be filled: in total, and by task type.
///
/// A worker that takes several types counts for each of them, and its slots once in the total.
public struct FreeSlots: Sendable, Hashable {
    public private(set) var total: Int
    private var byType: [String: Int]
    /// All slots of the workers that take a type, free or not.
    private var ofType: [String: Int]
    private var isUnlimited = false

    /// What live workers can start beyond what runs on them and what is on its way to them.
    public init(of workers: [WorkerSlots], underWay: [RunsUnderWay]) {
        var running: [WorkerID: Int] = [:]
        total = 0
        byType = [:]
        ofType = [:]
        for group in underWay {
            if let worker = group.worker {
                running[worker, default: 0] += group.count
            } else {
                total -= group.count
                byType[group.taskType, default: 0] -= group.count
            }
        }
        for worker in workers where worker.takesRuns {
            let free = max(0, worker.slots - (running[worker.worker] ?? 0))
            total += free
            for type in Set(worker.taskTypes) {
                byType[type, default: 0] += free
                ofType[type, default: 0] += worker.slots
            }
        }
    }

    /// The slots that one worker asks for.
    public init(_ count: Int, of types: [String]) {
        total = count
        byType = Dictionary(types.map { ($0, count) }) { first, _ in first }
        ofType = byType
    }

    /// More slots than there can be runs, of every type.
    public static var unlimited: FreeSlots {
        var slots = FreeSlots(.max, of: [])
        slots.isUnlimited = true
        return slots
    }

    /// The types that a run can be started of now.
    public var types: [String] { total > 0 ? byType.filter { $0.value > 0 }.map(\.key).sorted() : [] }

    public func has(_ type: String) -> Bool { isUnlimited || total > 0 && byType[type] ?? 0 > 0 }

    /// All slots of the workers that take a type, free or not; nil where there is no such worker.
    public func slots(of type: String) -> Int? { ofType[type] }

    mutating func take(_ type: String) {
        guard !isUnlimited else { return }
        total -= 1
        byType[type, default: 0] -= 1
    }
}
