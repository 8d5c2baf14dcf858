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

/// A root and tasks that each depend on one to three earlier ones.
private struct RandomGraph {
    var tasks: [TaskDefinition] = []
    /// Of each task, to the places of earlier ones.
    var edges: [[(upstream: Int, condition: TaskDependency.Condition)]] = []

    init(tasks count: Int, in data: TestDataFactory, _ random: inout SeededGenerator) async throws {
        for place in 0..<count {
            let upstreams = Array(0..<place).shuffled(using: &random).prefix(.random(in: 1...3, using: &random))
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

/// The same numbers for the same seed (SplitMix64).
///
/// - SeeAlso: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
