/// Where suspects may run, which are the runs that were on two lost workers: each on a worker that has no other suspect,
/// so that the third loss tells which of them it was.
///
/// One at a time is on its way: it has no worker yet, and its claim takes milliseconds.
struct PickIsolation: Sendable {
    private struct Place {
        var worker: WorkerSlots
        var free: Int
    }

    private var places: [Place]
    private var isOneOnItsWay: Bool

    init(_ snapshot: PickSnapshot) {
        var running: [WorkerID: Int] = [:]
        for runs in snapshot.underWay { if let worker = runs.worker { running[worker, default: 0] += runs.count } }
        let suspects = snapshot.underWay.filter(\.isSuspect)
        let taken = Set(suspects.compactMap(\.worker))
        isOneOnItsWay = suspects.contains { $0.worker == nil }
        places = snapshot.workers.filter { $0.takesRuns && !taken.contains($0.worker) }
            .map { Place(worker: $0, free: $0.slots - (running[$0.worker] ?? 0)) }
            .filter { $0.free > 0 }
    }

    /// The emptiest worker that may have the suspect; nil: there is none now.
    func worker(for run: WaitingRun) -> WorkerID? {
        guard !isOneOnItsWay else { return nil }
        return places.filter { $0.worker.taskTypes.contains(run.taskType) }
            .max { ($0.free, $1.worker.worker) < ($1.free, $0.worker.worker) }?.worker.worker
    }

    /// A suspect is sent on its way.
    mutating func send() { isOneOnItsWay = true }
}
