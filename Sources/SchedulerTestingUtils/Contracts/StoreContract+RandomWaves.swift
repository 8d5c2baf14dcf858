import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    /// Whatever the graph is and however its runs end, every task has one run in every wave, and that is the one which
    /// the conditions ask for.
    static let randomWaveCases: [ContractCase] = (1...3).map { seed in
        ContractCase("in a random graph every wave brings every task its one run, settled by many at once (\(seed))") {
            data in
            var random = SeededGenerator(seed: UInt64(seed))
            let graph = try await RandomGraph(tasks: 9, in: data, &random)
            let worker = try await data.worker()
            let waves = try await data.runs(6, of: graph.tasks[0])
            let plans = Dictionary(
                uniqueKeysWithValues: waves.map { run in (run.id, graph.tasks.map { _ in RandomGraph.ending(&random) })
                })
            while true {
                let started = try await data.start(on: worker).shuffled(using: &random)
                if started.isEmpty { break }
                var outcomes: [RunOutcome] = []
                for claimed in started {
                    let wave = try require(try await data.run(claimed.attempt.run).workflow, "the wave of a run")
                    let ending = try require(plans[wave]?[graph.index(of: claimed.version.task)], "a plan")
                    outcomes.append(data.outcome(ending, of: claimed.attempt, on: worker))
                }
                try await data.settle(outcomes, inBatchesOf: 2)
            }
            for (wave, plan) in plans {
                let record = try await data.store.runs.wave(wave, tenant: .default, limit: 100)
                let ends = record.runs.sorted { $0.task < $1.task }.map(\.status)
                try expectEqual(ends, graph.ends(plan), "the ends of a wave of \(graph.edges)")
                try expectEqual(Workflow(wave, record)?.nodes.count, graph.tasks.count, "the nodes of a wave")
                try expectEqual(record.edges.count, graph.edges.map(\.count).reduce(0, +), "the edges of a wave")
                try expect(record.edges.allSatisfy { $0.childRun != nil }, "an edge leads to no run")
            }
        }
    }
}

extension StoreContract {
    /// Where roots are triggered apart and as often as each other, ends pair up somehow; none is lost or used twice.
    static let randomRootsCases: [ContractCase] = (1...3).map { seed in
        ContractCase("in a random graph of several roots each end leads to one run of each dependent (\(seed))") {
            data in
            var random = SeededGenerator(seed: UInt64(seed))
            let roots = seed == 1 ? 2 : 3
            let graph = try await RandomGraph(roots: roots, tasks: 9, in: data, &random)
            let worker = try await data.worker()
            let rounds = 4
            var triggers = graph.tasks[..<roots].flatMap { Array(repeating: $0, count: rounds) }
                .shuffled(using: &random)
            var waiting: [ClaimedRun] = []
            while !triggers.isEmpty || !waiting.isEmpty {
                for _ in 0..<min(triggers.count, .random(in: 1...3, using: &random)) {
                    _ = try await data.runs(1, of: triggers.removeLast())
                }
                data.clock.advance(by: .seconds(1))
                waiting = (waiting + (try await data.start(on: worker))).shuffled(using: &random)
                // Some end late, so that waves overtake one another.
                let ended = waiting.prefix(triggers.isEmpty ? waiting.count : waiting.count / 2)
                waiting.removeFirst(ended.count)
                let outcomes = ended.map { data.outcome(RandomGraph.ending(&random), of: $0.attempt, on: worker) }
                try await data.settle(outcomes, inBatchesOf: 2)
                if triggers.isEmpty { waiting += try await data.start(on: worker) }
            }
            for (place, task) in graph.tasks.enumerated().dropFirst(roots) {
                try await graph.checkPairs(at: place, of: task, rounds: rounds, in: data)
            }
        }
    }
}

/// Roots and tasks that each depend on one to three earlier ones.
private struct RandomGraph {
    var tasks: [TaskDefinition] = []
    /// Of each task, to the places of earlier ones.
    var edges: [[(upstream: Int, condition: TaskDependency.Condition)]] = []

    init(roots: Int = 1, tasks count: Int, in data: TestDataFactory, _ random: inout SeededGenerator) async throws {
        for place in 0..<count {
            let earlier = place < roots ? [] : Array(0..<place).shuffled(using: &random)
            let upstreams = earlier.prefix(.random(in: 1...3, using: &random))
            let edges = upstreams.map { upstream in
                // Mostly such that waves come far.
                let pool: [TaskDependency.Condition] = [.onCompletion, .onCompletion, .onSuccess, .onFailure]
                return (upstream: upstream, condition: pool.randomElement(using: &random) ?? .onSuccess)
            }
            let spec = TaskSpec.fixture(
                name: "\(place)", retryPolicy: RetryPolicy(maxRetries: 0),
                dependencies: edges.map { TaskDependency(on: tasks[$0.upstream].id, $0.condition) })
            tasks.append(try await data.task(spec))
            self.edges.append(edges)
        }
    }

    func index(of task: TaskID) -> Int { tasks.firstIndex { $0.id == task } ?? 0 }

    /// How the runs of a wave must end whose tasks would end by a plan.
    func ends(_ plan: [RunOutcome.Ending]) -> [TaskRunStatus] {
        var ends: [TaskRunStatus] = []
        for (place, edges) in edges.enumerated() {
            let runs = edges.allSatisfy { $0.condition.isFulfilled(by: ends[$0.upstream]) }
            ends.append(runs ? RandomGraph.status(plan[place]) : .skipped)
        }
        return ends
    }

    /// Checks that every end of every upstream task led to one run of the task, to which the conditions were applied.
    func checkPairs(at place: Int, of task: TaskDefinition, rounds: Int, in data: TestDataFactory) async throws {
        let runs = try await data.allRuns(of: task)
        try expectEqual(runs.count, rounds, "the runs of \(place) in \(edges)")
        var used: [TaskID: Set<RunID>] = [:]
        for run in runs {
            let upstreams = try await data.store.runs.upstreams(of: run.id)
            try expectEqual(upstreams.count, edges[place].count, "the ends that led to a run of \(place) in \(edges)")
            for upstream in upstreams { used[upstream.task, default: []].insert(upstream.run) }
            let ends = Dictionary(uniqueKeysWithValues: upstreams.map { ($0.task, $0.status) })
            let holds = edges[place].allSatisfy { edge in
                ends[tasks[edge.upstream].id].map(edge.condition.isFulfilled) == true
            }
            try expectEqual(run.status != .skipped, holds, "whether a run of \(place) ran in \(edges)")
        }
        for edge in edges[place] {
            try expectEqual(used[tasks[edge.upstream].id]?.count, rounds, "the ends of \(edge.upstream) that were used")
        }
    }

    static func ending(_ random: inout SeededGenerator) -> RunOutcome.Ending {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<6: .success
        case 6..<9: .failure(.user)
        default: .timeout
        }
    }

    private static func status(_ ending: RunOutcome.Ending) -> TaskRunStatus {
        switch ending {
        case .success: .completed
        case .failure: .failed
        case .timeout: .timeout
        case .interruption: .pending
        }
    }
}

extension TestDataFactory {
    /// Settles batches at the same time, and again those that lost against another.
    fileprivate func settle(_ outcomes: [RunOutcome], inBatchesOf size: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for start in stride(from: 0, to: outcomes.count, by: size) {
                let batch = Array(outcomes[start..<min(start + size, outcomes.count)])
                group.addTask {
                    var isSettled = false
                    while !isSettled {
                        do {
                            _ = try await store.runs.settle(batch)
                            isSettled = true
                        } catch let error as SchedulerError where error.isTransient {
                            continue
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
