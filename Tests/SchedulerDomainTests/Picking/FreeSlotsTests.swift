import SchedulerDomain
import Testing

@Suite("Free slots")
struct FreeSlotsTests {
    private let task = TaskID(1)

    private func worker(_ number: Int, _ slots: Int, _ types: String...) -> WorkerSlots {
        WorkerSlots(worker: WorkerID(bits: UInt128(number)), slots: slots, taskTypes: types)
    }

    private func onTheWay(_ count: Int, _ type: String) -> RunsUnderWay {
        RunsUnderWay(task: task, taskType: type, count: count)
    }

    @Test("slots are counted by worker: one that takes two types gives a slot to one of them")
    func slots() {
        let busy = WorkerID(bits: 1)
        let workers = [
            WorkerSlots(worker: busy, slots: 4, taskTypes: ["x", "y"]),
            WorkerSlots(worker: WorkerID(bits: 2), slots: 3, taskTypes: ["x"]),
            WorkerSlots(worker: WorkerID(bits: 3), slots: 9, taskTypes: ["z"], takesRuns: false),
        ]
        let underWay = [
            RunsUnderWay(task: task, taskType: "x", worker: busy, count: 4),
            RunsUnderWay(task: task, taskType: "x", count: 1),
            RunsUnderWay(task: task, taskType: "z", worker: WorkerID(bits: 3), count: 9),
        ]
        let slots = FreeSlots(of: workers, underWay: underWay)
        #expect(slots.total == 2)
        #expect(slots.types == ["x"])
        #expect(!slots.has("y") && slots.slots(of: "y") == 4)
        #expect(!slots.has("z") && slots.slots(of: "z") == nil)
    }

    @Test("runs of two types on their way to one worker take no slot of a worker of another type")
    func overlappingTypes() {
        let workers = [worker(1, 4, "a", "b"), worker(2, 4, "c")]
        let slots = FreeSlots(of: workers, underWay: [onTheWay(4, "a"), onTheWay(4, "b")])
        #expect(slots.types == ["c"])
        #expect(slots.total == 4)
        #expect(FreeSlots(of: workers, underWay: [onTheWay(2, "a"), onTheWay(2, "b")]).types == ["c"])
        #expect(FreeSlots(of: workers, underWay: [onTheWay(2, "a"), onTheWay(1, "b")]).types == ["a", "b", "c"])
    }

    @Test("what is on its way to a type whose workers are gone takes no slot of the others")
    func lostWorkers() {
        let slots = FreeSlots(of: [worker(1, 4, "shell")], underWay: [onTheWay(4, "gpu"), onTheWay(1, "shell")])
        #expect(slots.total == 3)
        #expect(slots.types == ["shell"])
    }

    @Test("a run on its way is counted for another worker where that makes room")
    func making() {
        let workers = [worker(1, 1, "a", "b"), worker(2, 1, "b", "c"), worker(3, 1, "c", "d")]
        let slots = FreeSlots(of: workers, underWay: [onTheWay(1, "b"), onTheWay(1, "c")])
        #expect(slots.types == ["a", "b", "c", "d"])
        #expect(FreeSlots(of: workers, underWay: [onTheWay(2, "b"), onTheWay(1, "c")]).types.isEmpty)
    }

    @Test("a type has a free slot exactly if some assignment has one, whatever the workers and runs")
    func allAssignments() {
        var random = SystemRandomNumberGenerator()
        let all = ["a", "b", "c", "d"]
        for _ in 0..<500 {
            let workers = (1...Int.random(in: 1...4, using: &random)).map { number in
                let types = all.filter { _ in Bool.random(using: &random) }
                return WorkerSlots(
                    worker: WorkerID(bits: UInt128(number)), slots: Int.random(in: 0...2, using: &random),
                    taskTypes: types)
            }
            var runs: [String] = []
            var snapshot = PickSnapshot(now: UTCInstant(secondsSinceEpoch: 0), workers: workers)
            for _ in 0..<8 {
                let fitting = all.filter { fits(runs + [$0], workers.map { ($0.slots, $0.taskTypes) }) }
                #expect(snapshot.freeSlots.types == fitting, "\(runs) on \(workers)")
                guard let next = fitting.randomElement(using: &random) else { break }
                runs.append(next)
                snapshot.underWay.append(onTheWay(1, next))
            }
        }
    }

    /// Tries every assignment.
    private func fits(_ runs: [String], _ workers: [(slots: Int, types: [String])]) -> Bool {
        guard let first = runs.first else { return true }
        return workers.indices.contains { index in
            guard workers[index].slots > 0, workers[index].types.contains(first) else { return false }
            var rest = workers
            rest[index].slots -= 1
            return fits(Array(runs.dropFirst()), rest)
        }
    }
}
