import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    static let joinCases: [ContractCase] = [
        ContractCase("where upstreams are scheduled apart, ends pair up in their order") { data in
            let (one, two) = (try await data.root("one"), try await data.root("two"))
            let join = try await data.dependent("join", on: one, two)
            let worker = try await data.worker()
            let first = try await data.runs(2, of: one)
            try await data.endAll(on: worker)
            try expectEqual(try await data.states(of: join), [], "the runs after one side")
            for index in 0..<2 {
                data.clock.advance(by: .seconds(1))
                let other = try await data.runs(1, of: two)[0]
                try await data.endAll(on: worker)
                let runs = try await data.allRuns(of: join)
                try expectEqual(runs.count, index + 1, "the runs")
                try expectEqual(runs[index].workflow, other.id, "the wave is that of the arrival that completed it")
                let upstreams = try await data.store.runs.upstreams(of: runs[index].id)
                try expectEqual(upstreams.map(\.run), [first[index].id, other.id], "the pair")
            }
        },
        ContractCase("a task after a pair and after one half of it runs as often as the pair") { data in
            let (one, two) = (try await data.root("one"), try await data.root("two"))
            let pair = try await data.dependent("pair", on: one, two)
            let last = try await data.dependent("last", on: one, pair)
            let worker = try await data.worker()
            for round in 1...3 {
                for root in [one, two] {
                    data.clock.advance(by: .seconds(1))
                    _ = try await data.runs(1, of: root)
                    try await data.endAll(on: worker)
                }
                try expectEqual(try await data.allRuns(of: pair).count, round, "the runs of the pair")
                try expectEqual(try await data.allRuns(of: last).count, round, "the runs after it")
            }
        },
        ContractCase("a task's own run beside a wave does not stand in for the wave's") { data in
            let root = try await data.root()
            let sides = [try await data.dependent("b", on: root), try await data.dependent("c", on: root)]
            let join = try await data.dependent("d", on: sides[0], sides[1])
            let worker = try await data.worker()
            _ = try await data.runs(1, of: sides[0])
            try await data.endAll(on: worker)
            let wave = try await data.runs(1, of: root)[0].id
            try await data.endAll(on: worker)
            try expectEqual(try await data.allRuns(of: join).map(\.workflow), [wave], "the waves")
        },
        ContractCase("ends that come after the skip of their join change nothing more") { data in
            let (one, two) = (try await data.root("one"), try await data.root("two"))
            let join = try await data.dependent("join", on: one, two)
            let worker = try await data.worker()
            _ = try await data.runs(1, of: one)
            try await data.endAll(on: worker, [one.id: .failure(.user)])
            try expectEqual(try await data.states(of: join), [.skipped], "the runs")
            _ = try await data.runs(1, of: two)
            try await data.endAll(on: worker)
            try expectEqual(try await data.states(of: join), [.skipped], "the runs after the other end")
            for task in [one, two] { _ = try await data.runs(1, of: task) }
            try await data.endAll(on: worker)
            try expectEqual(try await data.states(of: join), [.skipped, .completed], "the runs of the next pair")
        },
        ContractCase("beyond a hundred waits of one task the oldest ends as superseded") { data in
            let (one, two) = (try await data.root("one"), try await data.root("two"))
            let join = try await data.dependent("join", on: one, two)
            let worker = try await data.worker()
            let runs = try await data.runs(WavePlan.openLimit + 2, of: one)
            let started = try await data.start(on: worker)
            _ = try await data.store.runs.settle(started.map { data.outcome(.success, of: $0.attempt, on: worker) })
            let skipped = try await data.allRuns(of: join)
            try expectEqual(skipped.map(\.status), [.skipped, .skipped], "the runs")
            try expectEqual(Set(skipped.map(\.workflow)), Set(runs.prefix(2).map(\.id)), "the waves that gave up")
            try expect(skipped[0].errorMessage?.hasPrefix("superseded: 100 younger") == true, "another reason")
            _ = try await data.runs(1, of: two)
            try await data.endAll(on: worker)
            let run = try require(try await data.allRuns(of: join).first { $0.status == .completed }, "a run")
            let upstreams = try await data.store.runs.upstreams(of: run.id)
            try expectEqual(upstreams.first?.run, runs[2].id, "the oldest that still waited")
        },
        ContractCase("after an edit the joins that are open are judged by the present edges at the next arrival") {
            data in
            let (one, two) = (try await data.root("one"), try await data.root("two"))
            let join = try await data.dependent("join", on: one, two)
            let worker = try await data.worker()
            let first = try await data.runs(1, of: one)[0]
            try await data.endAll(on: worker)
            _ = try await data.rewire(join, [TaskDependency(on: one.id)])
            try expectEqual(try await data.states(of: join), [], "the runs after the edit")
            let second = try await data.runs(1, of: one)[0]
            try await data.endAll(on: worker)
            let waves = Set(try await data.allRuns(of: join).map(\.workflow))
            try expectEqual(waves, [first.id, second.id], "the waves")
        },
        ContractCase("what arrived by an edge that was taken away counts no more") { data in
            let (one, two) = (try await data.root("one"), try await data.root("two"))
            let three = try await data.root("three")
            let join = try await data.dependent("join", on: one, two)
            let worker = try await data.worker()
            _ = try await data.runs(1, of: one)
            try await data.endAll(on: worker)
            _ = try await data.rewire(join, [TaskDependency(on: two.id), TaskDependency(on: three.id)])
            _ = try await data.runs(1, of: two)
            try await data.endAll(on: worker)
            try expectEqual(try await data.states(of: join), [], "the runs while an edge lacks")
            _ = try await data.runs(1, of: three)
            try await data.endAll(on: worker)
            try expectEqual(try await data.states(of: join), [.completed], "the runs")
            _ = try await data.rewire(join, [])
            _ = try await data.runs(1, of: two)
            try await data.endAll(on: worker)
            try expectEqual(try await data.states(of: join), [.completed], "the runs of a task without edges")
        },
        ContractCase("a wave whose dependent was freed of its dependencies is over, also once it has some again") {
            data in
            let (one, two) = (try await data.root("one"), try await data.root("two"))
            let join = try await data.dependent("join", on: one, two)
            let worker = try await data.worker()
            let wave = try await data.runs(1, of: one)[0].id
            try await data.endAll(on: worker)
            func state() async throws -> Workflow.State? {
                Workflow(wave, try await data.store.runs.wave(wave, tenant: .default, limit: 10))?.state
            }
            try expectEqual(try await state(), .running, "the state while the join waits")
            _ = try await data.rewire(join, [])
            try expectEqual(try await state(), .completed, "the state without dependencies")
            _ = try await data.rewire(join, [TaskDependency(on: one.id), TaskDependency(on: two.id)])
            try expectEqual(try await state(), .completed, "the state with dependencies again")
        },
        ContractCase("a dependent added while its upstream runs is told of the end") { data in
            let root = try await data.root()
            let worker = try await data.worker()
            let run = try await data.runs(1, of: root)[0]
            let leaf = try await data.dependent("leaf", on: root)
            try await data.endAll(on: worker)
            try expectEqual(try await data.allRuns(of: leaf).map(\.workflow), [run.id], "the wave")
        },
        ContractCase("a root that was made before its task had dependents belongs to its wave") { data in
            let root = try await data.root()
            let worker = try await data.worker()
            let run = try await data.runs(1, of: root)[0]
            let attempt = try await data.only(root, on: worker)
            let leaf = try await data.dependent("leaf", on: root)
            let results = try await data.store.runs.cancel(.workflow(run.id), tenant: .default, reason: "stop")
            try expectEqual(results, [run.id: .requested(on: worker.id)], "what was cancelled")
            _ = try await data.store.runs.settle([data.outcome(.success, of: attempt, on: worker)])
            let following = try await data.only(leaf, on: worker)
            _ = try await data.store.runs.settle([data.outcome(.failure(.user), of: following, on: worker)])
            let record = try await data.store.runs.wave(run.id, tenant: .default, limit: 1)
            try expectEqual(record.statuses, [.completed, .failed], "the states of what is cut")
        },
        ContractCase("each run of a backfill starts a wave of its own") { data in
            let root = try await data.root()
            let sides = [try await data.dependent("b", on: root), try await data.dependent("c", on: root)]
            let join = try await data.dependent("d", on: sides[0], sides[1])
            let worker = try await data.worker()
            let backfill = RunID.next(at: data.clock.now)
            let runs = (0..<3).map { _ in
                var run = data.newRun(of: root)
                run.trigger = .backfill
                run.workflow = backfill
                return run
            }
            _ = try await data.store.runs.enqueue([runs])
            try await data.endAll(on: worker)
            try expectEqual(
                Set(try await data.allRuns(of: join).map(\.workflow)), Set(runs.map(\.id)), "the waves")
            let all = try await data.store.runs.wave(backfill, tenant: .default, limit: 10)
            try expectEqual(all.runs.map(\.id), runs.map(\.id), "the runs of the backfill")
            let one = try await data.store.runs.wave(runs[0].id, tenant: .default, limit: 10)
            try expectEqual(
                one.runs.map(\.task).sorted(), [root, sides[0], sides[1], join].map(\.id), "the tasks of a wave")
        },
        ContractCase("a wave is shown with its runs, its edges, and the tasks that still wait") { data in
            let root = try await data.root()
            let sides = [try await data.dependent("b", on: root), try await data.dependent("c", on: root)]
            let join = try await data.dependent("d", on: sides[0], sides[1])
            let worker = try await data.worker()
            let wave = try await data.runs(1, of: root)[0].id
            _ = try await data.store.runs.settle([
                data.outcome(.success, of: try await data.only(root, on: worker), on: worker)
            ])
            _ = try await data.store.runs.settle([
                data.outcome(.success, of: try await data.only(sides[0], on: worker), on: worker)
            ])
            let record = try await data.store.runs.wave(wave, tenant: .default, limit: 10)
            let workflow = try require(Workflow(wave, record), "the workflow")
            try expectEqual(workflow.state, .running, "the state")
            try expectEqual(workflow.nodes.map(\.name).sorted(), ["b", "c", "d", "root"], "the nodes")
            try expectEqual(workflow.nodes.last?.missing, [sides[1].id], "what the last one waits for")
            try expectEqual(workflow.edges.map(\.to), [sides[0].id, sides[1].id, join.id, join.id], "the edges")
            try expectEqual(workflow.edges.map(\.isFulfilled), [true, true, true, nil], "how they stand")
            try await data.endAll(on: worker)
            let over = try await data.store.runs.wave(wave, tenant: .default, limit: 10)
            try expectEqual(Workflow(wave, over)?.state, .completed, "the state at the end")
            try expectEqual(Workflow(wave, over)?.edges.count, 4, "the edges at the end")
            let cut = try await data.store.runs.wave(wave, tenant: .default, limit: 2)
            try expectEqual(
                [cut.runs.count, cut.isTruncated ? 1 : 0], [2, 1], "how many are shown, and that it is cut")
            try expectEqual(Workflow(wave, cut)?.state, .completed, "the state of what is cut")
            try expectEqual(cut.lastEnd, over.lastEnd, "the end of what is cut")
            let foreign = try await data.store.runs.wave(wave, tenant: TenantID("other"), limit: 10)
            try expect(foreign.runs.isEmpty, "another tenant sees the wave")
        },
    ]
}
