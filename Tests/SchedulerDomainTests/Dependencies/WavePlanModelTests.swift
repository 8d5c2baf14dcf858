import SchedulerDomain
import SchedulerTestingUtils
import Testing

@Suite("Random graphs of several roots, played through plans")
struct WavePlanModelTests {
    private static let rounds = 5

    /// Where every root has as many runs as the others, so has every task, each after one end of each upstream.
    @Test("however the ends come in, each is used once at each dependent and no join stays open", arguments: 1...80)
    func pairs(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var model = WaveModel(roots: .random(in: 1...3, using: &random), tasks: 9, &random)
        var triggers = model.roots.flatMap { Array(repeating: $0, count: Self.rounds) }.shuffled(using: &random)
        while !triggers.isEmpty || !model.live.isEmpty {
            if model.live.isEmpty || !triggers.isEmpty && Bool.random(using: &random) {
                model.trigger(triggers.removeLast())
            } else {
                let count = Int.random(in: 1...min(3, model.live.count), using: &random)
                model.endSome(count, &random)
            }
        }
        #expect(model.joins.values.flatMap { $0 }.isEmpty, "open joins in \(model.edges)")
        for (task, edges) in model.edges where !edges.isEmpty {
            let runs = model.arrivals.filter { $0.key.task == task }
            #expect(runs.count == Self.rounds, "joins of \(task) in \(model.edges)")
            for edge in edges {
                let used = runs.values.map { $0.filter { $0.upstream == edge.upstream }.map(\.run) }
                #expect(Set(used.map(\.count)) == [1], "ends of \(edge.upstream) at a join of \(task)")
                #expect(Set(used.joined()).count == Self.rounds, "ends of \(edge.upstream) at \(task)")
            }
            let skips = runs.values.count { !$0.allSatisfy(\.isFulfilled) }
            #expect(model.skips[task, default: 0] == skips, "skips of \(task) in \(model.edges)")
        }
    }
}

/// A store reduced to what a plan reads and writes.
private struct WaveModel {
    struct LiveRun {
        var id: RunID
        var task: TaskID
        var workflow: RunID?
    }

    let roots: [TaskID]
    var edges: [TaskID: [TaskDependency]] = [:]
    var live: [LiveRun] = []
    var joins: [TaskID: [WaveJoin]] = [:]
    var arrivals: [WaveJoin.Key: [DependencyArrival]] = [:]
    var skips: [TaskID: Int] = [:]
    private var rootTasks: [RunID: TaskID] = [:]

    init(roots: Int, tasks: Int, _ random: inout SeededGenerator) {
        self.roots = (1...roots).map { TaskID(Int64($0)) }
        for task in 1...tasks {
            let earlier = task <= roots ? [] : (1..<task).shuffled(using: &random)
            edges[TaskID(Int64(task))] = earlier.prefix(.random(in: 1...3, using: &random)).map { upstream in
                let pool: [TaskDependency.Condition] = [.onCompletion, .onCompletion, .onSuccess, .onFailure]
                return TaskDependency(
                    on: TaskID(Int64(upstream)), pool.randomElement(using: &random) ?? .onSuccess)
            }
        }
    }

    mutating func trigger(_ root: TaskID) {
        let run = RunID.next(at: VirtualClock.start)
        rootTasks[run] = root
        live.append(LiveRun(id: run, task: root, workflow: nil))
    }

    /// Ends some live runs, in any order, in one transaction.
    mutating func endSome(_ count: Int, _ random: inout SeededGenerator) {
        live.shuffle(using: &random)
        var plan = WavePlan(now: VirtualClock.start, makeRunID: { .next(at: $0) })
        plan.scope = WaveScope(roots: rootTasks, upstreams: edges.mapValues { $0.map(\.upstream) })
        for (task, edges) in edges {
            plan.add(WavePlan.Child(task: task, tenant: .default, edges: edges, joins: joins[task, default: []]))
        }
        var open = live.prefix(count).map { run in
            RunEnd(
                run: run.id, task: run.task, workflow: run.workflow, trigger: .manual,
                status: [.completed, .completed, .failed, .timeout].randomElement(using: &random) ?? .completed)
        }
        live.removeFirst(count)
        while !open.isEmpty { open = plan.record(open) }
        apply(plan.changes)
    }

    private mutating func apply(_ changes: WaveChanges) {
        for arrived in changes.arrivals { arrivals[arrived.join, default: []].append(arrived.arrival) }
        for key in changes.closed { joins[key.task]?.removeAll { $0.key == key } }
        for join in changes.open {
            if let index = joins[join.key.task]?.firstIndex(where: { $0.key == join.key }) {
                joins[join.key.task]?[index] = join
            } else {
                joins[join.key.task, default: []].append(join)
            }
        }
        live += changes.created.map { LiveRun(id: $0.id, task: $0.task, workflow: $0.workflow) }
        for skipped in changes.skipped { skips[skipped.task, default: 0] += 1 }
    }
}
