import SchedulerDomain
import SchedulerTestingUtils
import Testing

@Suite("The plan of what follows the ends of runs")
struct WavePlanTests {
    private static let now = VirtualClock.start
    private let ids = (0..<8).map { _ in RunID.next(at: WavePlanTests.now) }

    private func plan(_ children: [WavePlan.Child], _ scope: WaveScope = WaveScope()) -> WavePlan {
        var plan = WavePlan(now: WavePlanTests.now, makeRunID: { .next(at: $0) })
        plan.scope = scope
        plan.names = [TaskID(1): "a", TaskID(2): "b", TaskID(3): "c"]
        for child in children { plan.add(child) }
        return plan
    }

    private func child(_ id: Int64, on upstreams: [Int64], _ change: (inout WavePlan.Child) -> Void = { _ in })
        -> WavePlan.Child
    {
        var child = WavePlan.Child(
            task: TaskID(id), tenant: .default, edges: upstreams.map { TaskDependency(on: TaskID($0)) })
        change(&child)
        return child
    }

    private func end(
        _ run: Int, of task: Int64, in wave: Int? = nil, as status: TaskRunStatus = .completed
    ) -> RunEnd {
        RunEnd(
            run: ids[run], task: TaskID(task), workflow: wave.map { ids[$0] }, trigger: .scheduled, status: status)
    }

    @Test("a run without a workflow is the root of its wave, and so is each run of a backfill")
    func waves() {
        #expect(end(0, of: 1).wave == ids[0])
        #expect(end(1, of: 1, in: 0).wave == ids[0])
        let backfilled = RunEnd(
            run: ids[1], task: TaskID(1), workflow: ids[0], trigger: .backfill, status: .completed)
        #expect(backfilled.wave == ids[1])
    }

    @Test("a single dependency that holds makes a run at once and leaves no join open")
    func single() throws {
        var plan = plan([child(2, on: [1])])
        #expect(plan.record([end(0, of: 1)]) == [])
        let run = try #require(plan.changes.created.first)
        #expect(run.task == TaskID(2) && run.workflow == ids[0] && run.trigger == .dependency)
        #expect(plan.changes.open.isEmpty)
        #expect(plan.changes.arrivals.count == 1)
        #expect(plan.changes.childRuns.values.map { $0 } == [run.id])
    }

    @Test(
        "however a run of a cancelled backfill ends, what depends on it is skipped",
        arguments: [TaskRunStatus.completed, .failed, .cancelled])
    func withdrawn(status: TaskRunStatus) throws {
        let always = child(2, on: [1]) { $0.edges = [TaskDependency(on: TaskID(1), .onCompletion)] }
        var plan = plan([always, child(3, on: [2])])
        plan.withdrawn = [ids[0]]
        let spread = plan.record([end(0, of: 1, as: status)])
        _ = plan.record(spread)
        #expect(plan.changes.created.isEmpty)
        #expect(plan.changes.skipped.map(\.task) == [TaskID(2), TaskID(3)])
        #expect(Set(plan.changes.skipped.map(\.reason)) == ["its backfill was cancelled"])
    }

    @Test("an end of a task on which none depends changes nothing")
    func nobody() {
        var plan = plan([child(2, on: [1])])
        #expect(plan.record([end(0, of: 7)]) == [])
        #expect(plan.changes.isEmpty)
    }

    @Test("a task whose upstreams all descend from the root waits for those of its own wave")
    func whole() {
        let scope = WaveScope(
            roots: [ids[0]: TaskID(1), ids[1]: TaskID(1)],
            upstreams: [TaskID(2): [TaskID(1)], TaskID(3): [TaskID(1)], TaskID(4): [TaskID(2), TaskID(3)]])
        var plan = plan([child(4, on: [2, 3])], scope)
        _ = plan.record([end(2, of: 2, in: 0), end(3, of: 3, in: 1)])
        #expect(plan.changes.created.isEmpty)
        #expect(plan.changes.open.map(\.wave) == [ids[0], ids[1]])
        let everyJoinIsWhole = plan.changes.open.allSatisfy(\.isWhole)
        #expect(everyJoinIsWhole)
        _ = plan.record([end(4, of: 3, in: 0), end(5, of: 2, in: 1)])
        #expect(plan.changes.created.map(\.workflow) == [ids[0], ids[1]])
        #expect(plan.changes.open.isEmpty)
    }

    @Test("ends of waves that do not meet go to the oldest join that lacks them")
    func apart() {
        var plan = plan([child(3, on: [1, 2])], WaveScope(roots: [ids[0]: TaskID(1), ids[1]: TaskID(1)]))
        _ = plan.record([end(0, of: 1), end(1, of: 1), end(2, of: 2)])
        #expect(plan.changes.created.map(\.triggeredBy) == ["run \(ids[2])"])
        #expect(plan.changes.open.map(\.key.openedBy) == [ids[1]])
    }

    @Test("a skip is recorded once, what arrives later at its join is absorbed, and its end goes on")
    func skips() throws {
        var plan = plan([child(3, on: [1, 2]), child(4, on: [3])])
        let spread = plan.record([end(0, of: 1, as: .failed)])
        #expect(spread.map(\.task) == [TaskID(3)])
        #expect(plan.record(spread).map(\.task) == [TaskID(4)])
        #expect(plan.record([end(1, of: 2)]) == [])
        #expect(plan.changes.created.isEmpty && plan.changes.open.isEmpty)
        let cause = "task \"a\" (1) failed in run \(ids[0])"
        #expect(
            plan.changes.skipped.map(\.reason) == [
                "\(cause), but the dependency asks for on_success", "task \"c\" (3) was skipped: \(cause)",
            ])
    }

    @Test("a task that takes no runs is skipped with the reason, and so is one that has had them all")
    func refusals() {
        var plan = plan([
            child(2, on: [1]) { $0.refusal = "is inactive" }, child(3, on: [1]) { $0.room = 1 },
        ])
        _ = plan.record([end(0, of: 1), end(1, of: 1)])
        #expect(plan.changes.created.map(\.task) == [TaskID(3)])
        #expect(
            plan.changes.skipped.map(\.reason) == [
                "task \"b\" (2) is inactive", "task \"b\" (2) is inactive", "task \"c\" (3) has had all its runs",
            ])
    }

    @Test("joins that wait are bounded: the oldest gives way, and its end spreads")
    func superseded() {
        let joins = (0..<WavePlan.openLimit).map { index in
            let run = RunID.next(at: WavePlanTests.now)
            var join = WaveJoin(
                key: WaveJoin.Key(task: TaskID(3), openedBy: run), wave: run, isWhole: false,
                openedAt: WavePlanTests.now)
            if index == 1 { join.childRun = .next(at: WavePlanTests.now) }
            join.arrivals = [
                DependencyArrival(
                    upstream: TaskID(1), condition: .onSuccess, run: run, wave: run, status: .completed,
                    arrivedAt: WavePlanTests.now)
            ]
            return join
        }
        var plan = plan([child(3, on: [1, 2]) { $0.joins = joins }])
        #expect(plan.record([end(0, of: 1)]).map(\.wave) == [joins[0].wave])
        // The next was decided already and goes without another word.
        #expect(plan.record([end(1, of: 1)]) == [])
        #expect(plan.changes.skipped.count == 1)
        #expect(plan.changes.closed == [joins[0].key, joins[1].key])
        #expect(plan.changes.open.map(\.key.openedBy) == [ids[0], ids[1]])
    }
}
