import SchedulerDomain
import Testing

@Suite("Planning a pick")
struct PickPlanTests {
    private let now = UTCInstant(secondsSinceEpoch: 1_000_000)
    private let task = TaskID(1)
    private static let own = TenantID("own")
    private static let other = TenantID("other")

    private func runs(
        _ count: Int, tenant: TenantID = own, task: TaskID = TaskID(1), type: String = "x", key: String? = nil,
        priority: Priority = .normal, trigger: TriggerType = .scheduled, age: Int = 10
    ) -> [WaitingRun] {
        (0..<count).map { index in
            WaitingRun(
                id: RunID(bits: UInt128(index)), tenant: tenant, task: task, taskType: type, concurrencyKey: key,
                priority: priority, trigger: trigger, dueAt: now.advanced(by: .seconds(-age)))
        }
    }

    private func plan(_ snapshot: PickSnapshot, slots: Int = .max, limit: Int = .max) -> PickPlan {
        PickPlan(snapshot, slots: FreeSlots(slots, of: ["x"]), limit: limit)
    }

    @Test("a tenant with 100,000 waiting runs and one with ten share evenly: the ten are within the first twenty")
    func tenants() {
        let crowd = runs(100_000, tenant: Self.own, age: 60)
        let few = runs(10, tenant: Self.other, age: 1)
        let plan = plan(PickSnapshot(now: now, waiting: crowd + few), limit: 1_000)
        #expect(plan.runs.prefix(20).count { $0.tenant == Self.other } == 10)
        #expect(plan.runs.count == 1_000)
    }

    @Test("tenants take turns across passes of a single slot")
    func singleSlots() {
        let tenants = (0..<5).map { TenantID("t\($0)") }
        var snapshot = PickSnapshot(now: now, waiting: tenants.flatMap { runs(1, tenant: $0) })
        var served: [TenantID] = []
        for _ in 0..<10 {
            let plan = plan(snapshot, slots: 1)
            served += plan.runs.map(\.tenant)
            snapshot.turns = plan.turns
        }
        #expect(served == tenants + tenants)
    }

    @Test("a run of a priority that is aged competes with the more urgent ones by its due time")
    func ageing() {
        for (age, expected) in [
            (299, Priority.low), (300, .normal), (600, .high), (900, .critical), (1_000_000, .critical),
        ] {
            #expect(runs(1, priority: .low, age: age)[0].effectivePriority(at: now) == expected)
        }
        #expect(runs(1, priority: .high, age: 300)[0].effectivePriority(at: now) == .critical)
        #expect(runs(1, priority: .low, age: -5)[0].effectivePriority(at: now) == .low)
        let snapshot = PickSnapshot(
            now: now, waiting: runs(5, priority: .critical, age: 1) + runs(1, task: TaskID(2), priority: .low, age: 901)
        )
        #expect(plan(snapshot, slots: 1).runs.map(\.task) == [TaskID(2)])
    }

    @Test("no slot stays free while anything may start")
    func workConserving() {
        let snapshot = PickSnapshot(
            now: now,
            waiting: runs(50, priority: .critical) + runs(50, tenant: Self.other, task: TaskID(2), priority: .low)
                + runs(50, task: TaskID(3), type: "y", priority: .high),
            tasks: [task: TaskLimits(maxConcurrent: 3)])
        #expect(plan(snapshot, slots: 40).runs.count == 40)
        #expect(plan(snapshot).runs.count == 53)
        #expect(plan(snapshot, slots: 0).runs.isEmpty)
    }

    @Test("max_concurrent counts what is under way and what the plan adds")
    func taskLimit() {
        let snapshot = PickSnapshot(
            now: now, waiting: runs(9), tasks: [task: TaskLimits(maxConcurrent: 5)],
            underWay: [RunsUnderWay(tenant: Self.own, task: task, taskType: "x", count: 2)])
        #expect(plan(snapshot).runs.count == 3)
    }

    @Test("a key is counted across tasks, each task holding its own limit against it; tenants keep theirs apart")
    func keyLimit() {
        let narrow = runs(9, task: TaskID(1), key: "k", age: 3)
        let wide = runs(9, task: TaskID(2), key: "k", age: 2)
        let foreign = runs(9, tenant: Self.other, task: TaskID(3), key: "k", age: 1)
        let limits = [TaskID(1): 1, TaskID(2): 4, TaskID(3): 2].mapValues { TaskLimits(maxConcurrent: $0) }
        let plan = plan(PickSnapshot(now: now, waiting: narrow + wide + foreign, tasks: limits))
        let counts = Dictionary(grouping: plan.runs, by: \.task).mapValues(\.count)
        #expect(counts == [TaskID(1): 1, TaskID(2): 3, TaskID(3): 2])
    }

    @Test("a paused task starts what was asked for by hand, and nothing else")
    func paused() {
        let waiting = TriggerType.allCases.enumerated().flatMap { index, trigger in
            runs(1, task: TaskID(Int64(index)), trigger: trigger)
        }
        let paused = Dictionary(
            uniqueKeysWithValues: waiting.map { ($0.task, TaskLimits(maxConcurrent: 0, isPaused: true)) })
        let plan = plan(PickSnapshot(now: now, waiting: waiting, tasks: paused))
        #expect(Set(plan.runs.map(\.trigger)) == [.manual, .retry])
    }

    @Test("the predicate tells everything that holds a run")
    func refusals() {
        let run = runs(1, key: "k", age: -5)[0]
        let snapshot = PickSnapshot(
            now: now, tasks: [task: TaskLimits(maxConcurrent: 2, isPaused: true)], tenants: [Self.own: 1],
            underWay: [RunsUnderWay(tenant: Self.own, task: task, taskType: "x", concurrencyKey: "k", count: 2)])
        let refusals = PickAdmission(snapshot, slots: FreeSlots(of: [], underWay: [])).refusals(of: run)
        #expect(
            refusals == [
                .notDue(until: run.dueAt), .paused, .taskLimit(used: 2, limit: 2),
                .keyLimit(key: "k", used: 2, limit: 2), .tenantLimit(used: 2, limit: 1), .noWorker(type: "x"),
            ])
    }
}
