import SchedulerDomain
import Testing

@Suite("A pass of the picker")
struct PickPassTests {
    private let now = UTCInstant(secondsSinceEpoch: 1_000_000)

    /// A situation of a few tenants, tasks and types in which much waits and some of it is held.
    private func situation(waiting: Int, slots: Int, maxAge: Int) -> PickSnapshot {
        let types = ["x", "y", "z"]
        let tenants = ["a", "b", "c"].map { TenantID($0) }
        var snapshot = PickSnapshot(now: now)
        for number in 1...9 {
            snapshot.tasks[TaskID(Int64(number))] = TaskLimits(
                maxConcurrent: .random(in: 0...2), isPaused: number % 4 == 0)
        }
        func run(_ number: Int) -> WaitingRun {
            let task = Int.random(in: 1...9)
            return WaitingRun(
                id: RunID(bits: UInt128(number)), tenant: tenants[task % 3], task: TaskID(Int64(task)),
                taskType: types[task / 4], concurrencyKey: task == 8 ? "key" : nil,
                priority: Priority.allCases[(task + Int.random(in: 0...1)) % 4],
                trigger: task % 2 == 0 ? .scheduled : .manual,
                dueAt: now.advanced(by: .seconds(-Int.random(in: 0...maxAge))))
        }
        snapshot.waiting = (0..<waiting).map(run)
        snapshot.underWay = (0..<2).map { number in
            let other = run(number)
            return RunsUnderWay(
                tenant: other.tenant, task: other.task, taskType: other.taskType,
                concurrencyKey: other.concurrencyKey, count: 1)
        }
        snapshot.tenants = [tenants[0]: 3]
        snapshot.workers = [["x", "y"], ["y", "z"]].enumerated().map { index, types in
            WorkerSlots(worker: WorkerID(bits: UInt128(index)), slots: slots, taskTypes: types)
        }
        return snapshot
    }

    @Test("reads little, and picks what a plan over all that waits picks", arguments: [1, 2, 3])
    func agrees(size: Int) throws {
        for _ in 0..<300 {
            var all = situation(waiting: 60, slots: 3, maxAge: 290)
            for _ in 0..<10 {
                let source = MemorySource(all)
                let pass = try PickPass(source.situation, slots: all.freeSlots, limit: 1, size: size, from: source)
                let plan = PickPlan(all, slots: all.freeSlots, limit: 1)
                try #require(pass.plan.runs == plan.runs)
                guard let run = plan.runs.first else { break }
                all.waiting.removeAll { $0.id == run.id }
                all.underWay.append(RunsUnderWay(of: run))
                all.turns = pass.turns
            }
        }
    }

    @Test("passes that follow one another leave no slot free while anything may start", arguments: [1, 2, 5])
    func workConserving(size: Int) throws {
        for _ in 0..<100 {
            var all = situation(waiting: 80, slots: 20, maxAge: 2_000)
            var passes = 0
            while true {
                let source = MemorySource(all)
                let pass = try PickPass(
                    source.situation, slots: all.freeSlots, limit: 5, size: size, mostLanes: 2, from: source)
                all.turns = pass.turns
                all.waiting.removeAll { pass.plan.runs.map(\.id).contains($0.id) }
                all.underWay += pass.plan.runs.map(RunsUnderWay.init)
                passes += 1
                try #require(passes < 500)
                if !pass.isPartial { break }
            }
            #expect(PickPlan(all, slots: all.freeSlots, limit: 1).runs.isEmpty)
        }
    }

    @Test("one slot at a time, a run behind many held lanes is served soon, whoever else floods its line")
    func singleSlots() throws {
        for tenants in 1...5 {
            let held = (0..<30).map { number in
                run(number, task: number, tenant: "t", age: 200)
            }
            let late = run(100, task: 100, tenant: "t", age: 10)
            var all = PickSnapshot(now: now, waiting: held + [late])
            for run in held { all.tasks[run.task] = TaskLimits(maxConcurrent: 1, isPaused: true) }
            for tenant in 0..<tenants {
                all.waiting += (0..<100).map {
                    run(1_000 * (tenant + 1) + $0, task: 200 + tenant, tenant: "u\(tenant)", age: 100)
                }
            }
            var served: [RunID] = []
            while served.count < 60, !served.contains(late.id) {
                let source = MemorySource(all)
                let pass = try PickPass(
                    source.situation, slots: FreeSlots(1, of: ["x"]), limit: 1, size: 4, mostLanes: 5, from: source)
                served += pass.plan.runs.map(\.id)
                all.waiting.removeAll { served.contains($0.id) }
                all.turns = pass.turns
            }
            #expect(served.contains(late.id))
            // As many passes as there are parts of five lanes, then one round of the tenants.
            #expect(served.count <= 7 + tenants + 1, "with \(tenants) other tenants")
        }
    }

    @Test("what an explanation calls ready is what the next pick takes, and nothing else")
    func readiness() {
        for round in 0..<100 {
            let all = situation(waiting: 40, slots: round % 7, maxAge: 1_500)
            let picked = Set(PickPlan(all, slots: all.freeSlots, limit: .max).runs.map(\.id))
            for waiting in all.waiting {
                let explanation = RunExplanation(RunOutlook(run: TaskRun(waiting, at: now), snapshot: all))
                #expect((explanation.reasons == [.ready]) == picked.contains(waiting.id), "\(explanation.reasons)")
                #expect(!explanation.reasons.isEmpty)
            }
        }
    }

    @Test("one read of heads suffices where nothing is held")
    func fastPath() throws {
        let waiting = (0..<10_000).map { run($0, task: $0, tenant: "t", age: 1) }
        let source = MemorySource(PickSnapshot(now: now, waiting: waiting))
        let pass = try PickPass(source.situation, slots: FreeSlots(5_000, of: ["x"]), limit: 500, from: source)
        #expect(pass.plan.runs.count == 500)
        #expect(pass.isPartial)
        #expect(source.reads == ["heads 500"])
    }

    private func run(_ number: Int, task: Int, tenant: String, age: Int) -> WaitingRun {
        WaitingRun(
            id: RunID(bits: UInt128(number)), tenant: TenantID(tenant), task: TaskID(Int64(task)), taskType: "x",
            trigger: .scheduled, dueAt: now.advanced(by: .seconds(-age)))
    }
}

extension RunsUnderWay {
    init(of run: WaitingRun) {
        self.init(
            tenant: run.tenant, task: run.task, taskType: run.taskType, concurrencyKey: run.concurrencyKey, count: 1)
    }
}

extension TaskRun {
    fileprivate init(_ run: WaitingRun, at now: UTCInstant) {
        self.init(
            id: run.id, tenant: run.tenant, task: run.task, priority: run.priority, scheduledAt: run.dueAt,
            dueAt: run.dueAt, createdAt: now, updatedAt: now)
        taskType = run.taskType
        concurrencyKey = run.concurrencyKey
        trigger = run.trigger
    }
}

/// A store that shows no more than it is asked for.
private final class MemorySource: PickSource {
    private let all: PickSnapshot
    private(set) var reads: [String] = []

    init(_ all: PickSnapshot) { self.all = all }

    var situation: PickSnapshot {
        PickSnapshot(now: all.now, underWay: all.underWay, workers: all.workers, turns: all.turns)
    }

    func heads(of types: [String], at now: UTCInstant, size: Int) throws -> PickHeads {
        let classes = Set(all.waiting.map(\.pickClass)).filter { types.contains($0.taskType) }
        return try heads(of: Array(classes), at: now, size: min(size, max(1, 4 * size / max(1, classes.count))))
    }

    func heads(of classes: [PickClass], at now: UTCInstant, size: Int) throws -> PickHeads {
        var heads = PickHeads()
        let byClass = Dictionary(grouping: all.waiting, by: \.pickClass)
        for each in classes {
            let runs = (byClass[each] ?? []).filter { $0.dueAt <= now }.sorted().prefix(size)
            heads.runs += runs
            if runs.count >= size { heads.cut.insert(each) }
        }
        reads.append("heads \(heads.runs.count)")
        return heads
    }

    func lanes(_ request: PickLanes.Request) throws -> PickLanes {
        let byLane = Dictionary(grouping: all.waiting) { run in
            PickLane(task: run.task, priority: run.priority, version: 1, trigger: run.trigger)
        }
        func place(_ lane: PickLane) -> (Int64, Int, String) {
            (lane.task.rawValue, lane.priority.level, lane.trigger.rawValue)
        }
        let after = byLane.keys.sorted { place($0) < place($1) }
            .filter { lane in request.after.map { place(lane) > place($0) } ?? true }
        let next = after.prefix(request.most)
        var lanes = PickLanes()
        lanes.last = next.count < request.most ? nil : next.last
        let wanted = (request.named + next).filter { !request.leavingOut.contains($0.task) }
        let size = min(request.size, max(1, 4 * request.size / max(1, wanted.count)))
        for lane in wanted {
            let runs = (byLane[lane] ?? []).filter { request.types.contains($0.taskType) }.sorted().prefix(size)
            lanes.runs += runs.map { ($0, lane) }
            if runs.count >= size { lanes.cut.insert(lane) }
        }
        reads.append("lanes \(next.count)")
        return lanes
    }

    func executors(of versions: Set<TaskVersionID>) throws -> [TaskVersionID: String] {
        reads.append("executors \(versions.count)")
        return Dictionary(uniqueKeysWithValues: versions.map { ($0, "executor \($0.task)") })
    }

    func limits(of tasks: Set<TaskID>) throws -> (tasks: [TaskID: TaskLimits], tenants: [TenantID: Int]) {
        (all.tasks.filter { tasks.contains($0.key) }, all.tenants)
    }
}
