import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@Suite("Workflows and what they pass on")
struct WorkflowTests {
    private let wave = RunID.next(at: VirtualClock.start)

    private func run(_ task: Int64, _ status: TaskRunStatus) -> TaskRun {
        var run = TaskRun.fixture(
            id: task == 1 ? wave : .next(at: VirtualClock.start), task: TaskID(task), status: status,
            startedAt: VirtualClock.start)
        run.workflow = wave
        run.completedAt = status.isTerminal ? VirtualClock.start.advanced(by: .seconds(task)) : nil
        return run
    }

    @Test("there is no workflow without runs")
    func unknown() { #expect(Workflow(wave, WaveRecord(runs: [])) == nil) }

    @Test(
        "a workflow that is over tells its worst end and its latest time",
        arguments: [
            ([.completed, .skipped], .completed), ([.completed, .cancelled], .cancelled),
            ([.timeout, .completed], .failed), ([.failed, .cancelled], .failed),
        ] as [([TaskRunStatus], Workflow.State)])
    func states(ends: [TaskRunStatus], state: Workflow.State) throws {
        let runs = ends.enumerated().map { run(Int64($0.offset + 1), $0.element) }
        let workflow = try #require(Workflow(wave, WaveRecord(runs: runs)))
        #expect(workflow.state == state)
        #expect(workflow.startedAt == VirtualClock.start)
        #expect(workflow.completedAt == VirtualClock.start.advanced(by: .seconds(2)))
    }

    @Test("tasks that a live run may still lead to wait, each for the upstreams that it lacks")
    func waiting() throws {
        let graph: [TaskID: [TaskDependency]] = [
            TaskID(2): [TaskDependency(on: TaskID(1))], TaskID(3): [TaskDependency(on: TaskID(2))],
            TaskID(4): [TaskDependency(on: TaskID(9)), TaskDependency(on: TaskID(3))],
        ]
        let live = try #require(Workflow(wave, WaveRecord(runs: [run(1, .running)], dependencies: graph)))
        #expect(live.state == .running && live.completedAt == nil)
        #expect(live.nodes.map(\.task) == [1, 2, 3, 4].map { TaskID($0) })
        #expect(live.nodes.map(\.missing).last == [TaskID(9), TaskID(3)])
        #expect(live.edges.count == 4 && live.edges[0].fromRun == wave)
        // What joined the graph after the wave had passed is not part of it.
        let over = try #require(Workflow(wave, WaveRecord(runs: [run(1, .completed)], dependencies: graph)))
        #expect(over.state == .completed && over.nodes.count == 1)
    }

    @Test("results that do not fit are left out and marked, the others stay")
    func limited() {
        let sizes = [10, 100, 20]
        let results = sizes.map { size in
            UpstreamResult(
                task: TaskID(1), taskName: "a", run: wave, status: .completed,
                result: .string(String(repeating: "x", count: size - 2)))
        }
        let limited = UpstreamResult.limited(results, to: 30)
        #expect(limited.map(\.isOmitted) == [false, true, false])
        #expect(limited.map { $0.result == nil } == [false, true, false])
        #expect(limited[1].json["result_omitted"] == true && limited[1].json["result"] == .null)
    }

    @Test("a long cycle is told by its beginning and its end; many dependents by the first five")
    func refusals() {
        let cycle = (0..<100).map { TaskID($0) } + [TaskID(0)]
        let message = DependencyRules.refusal(of: cycle, names: [TaskID(0): "zero"]).faults[0].message
        #expect(message.hasPrefix("would close a cycle: zero (0) → (99) → (98)"))
        #expect(message.hasSuffix("→ … (81 more) → zero (0)"))
        let dependents = (1...7).map { (id: TaskID($0), name: "t\($0)") }
        let refusal = DependencyRules.refusal(ofDeleting: TaskID(9), dependents: dependents)
        #expect(refusal.code == .conflict)
        #expect(refusal.message.contains("t1 (1), t2 (2), t3 (3), t4 (4), t5 (5) and 2 more depend on it"))
    }
}
