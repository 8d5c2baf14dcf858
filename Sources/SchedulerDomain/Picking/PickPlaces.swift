/// The workers that runs are sent to by name; most runs go to any that takes their type.
///
/// By name go runs whose executor only some workers of their type have, and suspects, which are the runs that were on
/// two lost workers: each to a worker that has no other suspect, so that the third loss tells which of them it was.
/// One suspect at a time is on its way: it has no worker yet, and its claim takes milliseconds.
struct PickPlaces: Sendable {
    private struct Place {
        let worker: WorkerSlots
        var free: Int
        let hasSuspect: Bool

        func fits(_ type: String, _ executor: String?) -> Bool {
            free > 0 && worker.canExecute(executor, type)
        }
    }

    private let workers: [WorkerSlots]
    private let scarce: [TaskVersionID: String]
    private var places: [Place]
    private var isSuspectOnItsWay: Bool

    init(_ snapshot: PickSnapshot) {
        var running: [WorkerID: Int] = [:]
        for runs in snapshot.underWay { if let worker = runs.worker { running[worker, default: 0] += runs.count } }
        let suspects = snapshot.underWay.filter(\.isSuspect)
        let taken = Set(suspects.compactMap(\.worker))
        isSuspectOnItsWay = suspects.contains { $0.worker == nil }
        workers = snapshot.workers.filter(\.takesRuns)
        places = workers.map { worker in
            Place(
                worker: worker, free: worker.slots - (running[worker.worker] ?? 0),
                hasSuspect: taken.contains(worker.worker))
        }.filter { $0.free > 0 }
        scarce = snapshot.scarce
        if !scarce.isEmpty { countOnTheWay(snapshot.underWay) }
    }

    /// What is on its way by name takes the places that it was given, which are the emptiest.
    private mutating func countOnTheWay(_ underWay: [RunsUnderWay]) {
        let executors = Dictionary(scarce.map { ($0.key.task, $0.value) }) { first, _ in first }
        for runs in underWay where runs.worker == nil {
            guard let executor = executors[runs.task] else { continue }
            var left = runs.count
            while left > 0, let place = emptiest(where: { $0.fits(runs.taskType, executor) }) {
                places[place].free -= 1
                left -= 1
            }
        }
    }

    /// What keeps a run that goes by name from being sent; nil: nothing does.
    func refusal(of run: WaitingRun) -> PickRefusal? {
        let executor = scarce[run.version]
        if let executor, !places.contains(where: { $0.fits(run.taskType, executor) }) {
            let able = workers.filter { $0.canExecute(executor, run.taskType) }
            return .noAbleSlot(executor: executor, type: run.taskType, slots: able.reduce(0) { $0 + $1.slots })
        }
        return run.isSuspect && place(for: run) == nil ? .isolation : nil
    }

    /// Sends a run on its way.
    ///
    /// - Returns: the worker that it goes to; nil: any that takes its type.
    mutating func send(_ run: WaitingRun) -> WorkerSlots? {
        guard run.isSuspect || scarce[run.version] != nil else { return nil }
        let place = place(for: run)
        if run.isSuspect { isSuspectOnItsWay = true }
        if let place { places[place].free -= 1 }
        return place.map { places[$0].worker }
    }

    private func place(for run: WaitingRun) -> Int? {
        if run.isSuspect, isSuspectOnItsWay { return nil }
        let executor = scarce[run.version]
        return emptiest { $0.fits(run.taskType, executor) && !(run.isSuspect && $0.hasSuspect) }
    }

    private func emptiest(where isWanted: (Place) -> Bool) -> Int? {
        places.indices.filter { isWanted(places[$0]) }
            .max { (places[$0].free, places[$1].worker.worker) < (places[$1].free, places[$0].worker.worker) }
    }
}

extension WorkerSlots {
    /// - Parameter executor: nil: any will do.
    fileprivate func canExecute(_ executor: String?, _ type: String) -> Bool {
        guard taskTypes.contains(type) else { return false }
        guard let executor, let executors else { return true }
        return executors.contains(executor)
    }
}
