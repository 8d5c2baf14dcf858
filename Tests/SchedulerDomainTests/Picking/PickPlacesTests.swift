import SchedulerDomain
import Testing

@Suite("Sending runs by name")
struct PickPlacesTests {
    private let now = UTCInstant(secondsSinceEpoch: 1_000_000)
    private let common = TaskID(1)
    private let scarce = TaskID(2)

    private func worker(_ number: UInt128, _ types: String..., slots: Int, executors: [String]?) -> WorkerSlots {
        WorkerSlots(worker: WorkerID(bits: number), slots: slots, taskTypes: types, executors: executors)
    }

    private func runs(_ count: Int, of task: TaskID, type: String = "x", crashes: Int = 0) -> [WaitingRun] {
        (0..<count).map { index in
            WaitingRun(
                id: RunID(bits: UInt128(task.rawValue) * 1_000 + UInt128(index)), task: task, taskType: type,
                dueAt: now, crashes: crashes)
        }
    }

    /// All ask for `a`, those of the scarce task for `b`.
    private func snapshot(
        _ waiting: [WaitingRun], on workers: [WorkerSlots], underWay: [RunsUnderWay] = []
    ) -> PickSnapshot {
        var snapshot = PickSnapshot(now: now, waiting: waiting, underWay: underWay, workers: workers)
        let executors = [common: "a", scarce: "b"].map { (TaskVersionID(task: $0, version: 1), $1) }
        snapshot.note(Dictionary(uniqueKeysWithValues: executors), of: waiting)
        return snapshot
    }

    private func plan(_ snapshot: PickSnapshot) -> PickPlan {
        PickPlan(snapshot, slots: snapshot.freeSlots, limit: .max)
    }

    @Test("able workers are filled evenly, those that did not say what they can among them, and no others")
    func spread() {
        let workers = [
            worker(1, "x", slots: 3, executors: ["a", "b"]), worker(2, "x", slots: 2, executors: nil),
            worker(3, "x", slots: 9, executors: ["a"]), worker(4, "y", slots: 9, executors: ["b"]),
        ]
        let plan = plan(snapshot(runs(9, of: scarce), on: workers))
        let counts = Dictionary(grouping: plan.destinations.values) { $0 }.mapValues(\.count)
        #expect(counts == [WorkerID(bits: 1): 3, WorkerID(bits: 2): 2])
        #expect(plan.runs.count == 5)
    }

    @Test("what all have goes to anybody")
    func everybody() {
        let workers = [
            worker(1, "x", slots: 2, executors: ["a", "b"]), worker(2, "x", slots: 2, executors: ["b", "a"]),
        ]
        let plan = plan(snapshot(runs(2, of: common) + runs(2, of: scarce), on: workers))
        #expect(plan.runs.count == 4)
        #expect(plan.destinations.isEmpty)
    }

    @Test("what runs on the able workers or is on its way to them takes their slots, and nothing else does")
    func underWay() {
        let workers = [
            worker(1, "x", slots: 4, executors: ["a", "b"]), worker(2, "x", slots: 9, executors: ["a"]),
        ]
        let underWay = [
            RunsUnderWay(task: common, taskType: "x", worker: WorkerID(bits: 1), count: 1),
            RunsUnderWay(task: scarce, taskType: "x", count: 2), RunsUnderWay(task: common, taskType: "x", count: 3),
        ]
        let snapshot = snapshot(runs(3, of: scarce), on: workers, underWay: underWay)
        let plan = plan(snapshot)
        #expect(plan.runs.count == 1)
        #expect(plan.isHeld(runs(3, of: scarce)[2]))
        let full = [RunsUnderWay(task: scarce, taskType: "x", count: 9)]
        let refusals = PickAdmission(
            self.snapshot(runs(1, of: scarce), on: workers, underWay: full), slots: FreeSlots(9, of: ["x"])
        ).refusals(of: runs(1, of: scarce)[0])
        #expect(refusals == [.noAbleSlot(executor: "b", type: "x", slots: 4)])
    }

    @Test("a run sent by name takes a slot of that worker, not of another that takes its type")
    func ownSlot() {
        let workers = [
            worker(1, "x", "y", slots: 1, executors: ["a", "b"]), worker(2, "x", slots: 1, executors: ["a"]),
        ]
        let waiting = runs(1, of: scarce) + runs(1, of: TaskID(3), type: "y") + runs(1, of: TaskID(4))
        let plan = plan(snapshot(waiting, on: workers))
        #expect(plan.runs.map(\.task) == [scarce, TaskID(4)])
        #expect(Array(plan.destinations.values) == [WorkerID(bits: 1)])
    }

    @Test("a suspect goes to an able worker without another suspect")
    func suspects() {
        let workers = [
            worker(1, "x", slots: 2, executors: ["b"]), worker(2, "x", slots: 5, executors: ["b"]),
            worker(3, "x", slots: 9, executors: ["a"]),
        ]
        let underWay = [
            RunsUnderWay(task: common, taskType: "x", worker: WorkerID(bits: 2), count: 1, isSuspect: true)
        ]
        let suspects = runs(2, of: scarce, crashes: 2)
        let plan = plan(snapshot(suspects, on: workers, underWay: underWay))
        #expect(plan.destinations == [suspects[0].id: WorkerID(bits: 1)])
        #expect(plan.runs == [suspects[0]])
    }

    @Test("of runs for the same able slots each tells how many come before it")
    func explanation() {
        let workers = [
            worker(1, "x", slots: 1, executors: ["b"]), worker(2, "x", slots: 9, executors: ["a"]),
        ]
        let waiting = (1...3).map { number in
            TaskRun(
                id: RunID(bits: UInt128(number)), task: scarce, taskType: "x", scheduledAt: now, dueAt: now,
                createdAt: now, updatedAt: now)
        }
        let snapshot = snapshot(waiting.map(WaitingRun.init), on: workers)
        let reasons = waiting.map { RunExplanation(RunOutlook(run: $0, snapshot: snapshot)).reasons }
        #expect(reasons == [[.ready], [.turn(runs: 1, isAtLeast: false)], [.turn(runs: 2, isAtLeast: false)]])
    }
}
