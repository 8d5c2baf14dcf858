import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    static let waveCases: [ContractCase] = [
        ContractCase("fan-out: the end of a run makes a run of each dependent, in its wave") { data in
            let root = try await data.root()
            let (one, two) = (try await data.dependent("one", on: root), try await data.dependent("two", on: root))
            let worker = try await data.worker()
            let wave = try await data.runs(1, of: root)[0].id
            let started = try await data.start(on: worker)
            data.clock.advance(by: .seconds(5))
            let outcome = data.outcome(.success, of: started[0].attempt, on: worker)
            for _ in 0..<2 { _ = try await data.store.runs.settle([outcome]) }
            for task in [one, two] {
                let runs = try await data.allRuns(of: task)
                try expectEqual(runs.map(\.status), [.pending], "the runs")
                try expectEqual(runs[0].trigger, .dependency, "the trigger")
                try expectEqual(runs[0].triggeredBy, "run \(wave)", "what triggered it")
                try expectEqual(runs[0].workflow, wave, "the wave")
                try expectEqual([runs[0].scheduledAt, runs[0].dueAt], [data.clock.now, data.clock.now], "its times")
                try expectEqual(try await data.task(task.id).executionCount, 1, "the execution count")
            }
            let claimed = try await data.start(on: worker)
            try expectEqual(claimed.map(\.trigger), [.dependency, .dependency], "what a worker is told")
        },
        ContractCase("fan-in: the dependent runs once, when the last of its upstreams has ended") { data in
            let root = try await data.root()
            let sides = [try await data.dependent("b", on: root), try await data.dependent("c", on: root)]
            let join = try await data.dependent("d", on: sides[0], sides[1])
            let worker = try await data.worker()
            let wave = try await data.runs(1, of: root)[0].id
            _ = try await data.store.runs.settle([
                data.outcome(.success, of: try await data.start(on: worker)[0].attempt, on: worker)
            ])
            let middle = try await data.start(on: worker)
            try expectEqual(middle.count, 2, "the runs between")
            _ = try await data.store.runs.settle([data.outcome(.success, of: middle[0].attempt, on: worker)])
            try expectEqual(try await data.states(of: join), [], "the runs before the last end")
            _ = try await data.store.runs.settle([data.outcome(.success, of: middle[1].attempt, on: worker)])
            let runs = try await data.allRuns(of: join)
            try expectEqual(runs.map(\.status), [.pending], "the runs")
            try expectEqual(runs.map(\.workflow), [wave], "the wave")
        },
        ContractCase("waves that overlap do not mix, also where their ends come in one batch") { data in
            let root = try await data.root()
            let sides = [try await data.dependent("b", on: root), try await data.dependent("c", on: root)]
            let join = try await data.dependent("d", on: sides[0], sides[1])
            let worker = try await data.worker()
            let waves = try await data.runs(3, of: root).map(\.id)
            let roots = try await data.start(on: worker)
            _ = try await data.store.runs.settle(roots.map { data.outcome(.success, of: $0.attempt, on: worker) })
            let middle = try await data.start(on: worker)
            try expectEqual(middle.count, 6, "the runs between")
            // Of the left side the latest wave comes first, of the right side the earliest.
            let left = middle.filter { $0.version.task == sides[0].id }.sorted { $0.attempt > $1.attempt }
            let right = middle.filter { $0.version.task == sides[1].id }.sorted { $0.attempt < $1.attempt }
            _ = try await data.store.runs.settle(
                (left + right).map { data.outcome(.success, of: $0.attempt, on: worker) })
            let runs = try await data.allRuns(of: join)
            try expectEqual(Set(runs.map(\.workflow)), Set(waves), "the waves")
            for run in runs {
                let upstreams = try await data.store.runs.upstreams(of: run.id)
                try expectEqual(upstreams.map(\.task), sides.map(\.id), "the upstreams")
                for upstream in upstreams {
                    try expectEqual(try await data.run(upstream.run).workflow, run.workflow, "an upstream's wave")
                }
            }
        },
        ContractCase("each condition lets a dependent run after the ends that it names, and skips it after others") {
            data in
            let root = try await data.root()
            var dependents: [(TaskDefinition, TaskDependency.Condition)] = []
            for condition in TaskDependency.Condition.allCases {
                dependents.append(
                    (try await data.dependent(condition.rawValue, on: root, condition: condition), condition))
            }
            let worker = try await data.worker()
            let endings: [(RunOutcome.Ending, TaskRunStatus)] = [
                (.success, .completed), (.failure(.user), .failed), (.timeout, .timeout),
            ]
            for (index, (ending, status)) in endings.enumerated() {
                _ = try await data.runs(1, of: root)
                try await data.endAll(on: worker, [root.id: ending])
                for (task, condition) in dependents {
                    let runs = try await data.allRuns(of: task)
                    try expectEqual(runs.count, index + 1, "the runs of \(condition) after \(status)")
                    let expected: TaskRunStatus = condition.isFulfilled(by: status) ? .completed : .skipped
                    try expectEqual(runs[index].status, expected, "the end of \(condition) after \(status)")
                }
            }
        },
        ContractCase("a skip says why, is recorded once, and spreads with its cause") { data in
            let root = try await data.root()
            let good = try await data.dependent("good", on: root)
            let bad = try await data.dependent("bad", on: root)
            let join = try await data.dependent("join", on: bad, good)
            let after = try await data.dependent("after", on: join)
            let cleanup = try await data.dependent("cleanup", on: after, condition: .onCompletion)
            let worker = try await data.worker()
            let wave = try await data.runs(1, of: root)[0].id
            try await data.endAll(on: worker, [bad.id: .failure(.user)])
            let failed = try await data.allRuns(of: bad)[0]
            let cause = "task \"bad\" (3) failed in run \(failed.id)"
            let skipped = try await data.allRuns(of: join)
            try expectEqual(skipped.map(\.status), [.skipped], "the joining task's runs")
            try expectEqual(
                skipped[0].errorMessage, "\(cause), but the dependency asks for on_success", "the reason")
            try expectEqual([skipped[0].attempt, skipped[0].failures], [0, 0], "attempts and failures")
            try expectEqual(skipped[0].workflow, wave, "the wave")
            try expectEqual(skipped[0].completedAt, skipped[0].createdAt, "when it ended")
            try expectEqual(
                try await data.allRuns(of: after).map(\.errorMessage), ["task \"join\" (4) was skipped: \(cause)"],
                "the reason of the next")
            try expectEqual(
                try await data.allRuns(of: cleanup).map(\.errorMessage), ["task \"after\" (5) was skipped: \(cause)"],
                "the reason of the last")
            try expectEqual(try await data.task(join.id).executionCount, 0, "the execution count of a skipped task")
            try expectEqual(try await data.states(of: good), [.completed], "the other side")
        },
        ContractCase("a dependent that takes no runs is skipped with the reason; a paused one gets its run") { data in
            let root = try await data.root()
            let draft = try await data.dependent("draft", on: root, status: .created)
            let paused = try await data.dependent("paused", on: root, status: .paused)
            let spent = try await data.dependent("spent", on: root, maxExecutions: 1)
            let gone = try await data.dependent("gone", on: root)
            let worker = try await data.worker()
            _ = try await data.store.tasks.delete([gone.id], tenant: .default)
            for _ in 0..<2 {
                data.clock.advance(by: .milliseconds(1))
                _ = try await data.runs(1, of: root)
                _ = try await data.store.runs.settle([
                    data.outcome(.success, of: try await data.only(root, on: worker), on: worker)
                ])
            }
            try expectEqual(
                try await data.allRuns(of: draft).map(\.errorMessage),
                .init(repeating: "task \"draft\" (2) is created", count: 2),
                "the draft's reasons")
            try expectEqual(
                try await data.allRuns(of: paused).filter { $0.status == .skipped }.count, 0, "paused skips")
            try expectEqual(try await data.allRuns(of: paused).count, 2, "the paused task's runs")
            try expectEqual(
                try await data.allRuns(of: spent).map(\.errorMessage),
                [nil, "task \"spent\" (4) has had all its runs"],
                "the spent task's reasons")
            try expectEqual(try await data.allRuns(of: gone).count, 0, "the deleted task's runs")
        },
        ContractCase("a run that ends with its lost worker tells its dependents") { data in
            let root = try await data.root()
            let handler = try await data.dependent("handler", on: root, condition: .onFailure)
            let run = try await data.runs(1, of: root)[0]
            let term = try require(
                try await data.store.locks.acquire("leader", owner: "me", timeToLive: .seconds(60)), "the term")
            for _ in 0..<3 {
                let worker = try await data.worker()
                _ = try await data.start(on: worker)
                let beats = try await data.store.recovery.heartbeats()
                _ = try await data.store.recovery.recover(silent: beats, term: term)
            }
            try expectEqual(try await data.run(run.id).status, .failed, "the end")
            try expectEqual(try await data.states(of: handler), [.pending], "the handler's runs")
        },
        ContractCase("at most a hundred runs wait that followed runs of a schedule; others come beside them") { data in
            let root = try await data.root()
            let leaf = try await data.dependent("leaf", on: root)
            let last = try await data.dependent("last", on: leaf)
            let worker = try await data.worker()
            let limit = WaveLoad.waitingLimit
            _ = try await data.runs(limit + 2, of: root, trigger: .scheduled)
            let started = try await data.start(on: worker)
            try expectEqual(started.count, limit + 2, "the runs of the root")
            _ = try await data.store.runs.settle(started.map { data.outcome(.success, of: $0.attempt, on: worker) })
            let runs = try await data.allRuns(of: leaf)
            try expectEqual(runs.count { $0.status == .pending }, limit, "the runs that wait")
            let reason = "overlap: 100 runs of the task that followed others wait already"
            try expectEqual(runs.filter { $0.status == .skipped }.map(\.errorMessage), [reason, reason], "the reasons")
            try expectEqual(
                Set(try await data.allRuns(of: last).map(\.errorMessage)),
                ["task \"leaf\" (2) was skipped: task \"leaf\" (2) was skipped: \(reason)"], "the reasons after it")
            for trigger in [TriggerType.manual, .backfill] {
                _ = try await data.runs(1, of: root, trigger: trigger)
                let attempt = try await data.only(root, on: worker)
                _ = try await data.store.runs.settle([data.outcome(.success, of: attempt, on: worker)])
            }
            try expectEqual(
                try await data.allRuns(of: leaf).count { $0.status == .pending }, limit + 2, "what waits then")
        },
        ContractCase("a dependent that may not overlap is skipped while a run of it lives") { data in
            let root = try await data.root()
            var spec = TaskSpec.fixture(name: "leaf", maxConcurrent: 1, dependencies: [TaskDependency(on: root.id)])
            spec.overlapPolicy = .skip
            let leaf = try await data.task(spec)
            let worker = try await data.worker()
            func endRoot(_ trigger: TriggerType) async throws {
                data.clock.advance(by: .milliseconds(1))
                _ = try await data.runs(1, of: root, trigger: trigger)
                let attempt = try await data.only(root, on: worker)
                _ = try await data.store.runs.settle([data.outcome(.success, of: attempt, on: worker)])
            }
            try await endRoot(.scheduled)
            try await endRoot(.scheduled)
            try expectEqual(try await data.states(of: leaf), [.pending, .skipped], "while a run waits")
            let attempt = try await data.only(leaf, on: worker)
            try await endRoot(.scheduled)
            try expectEqual(try await data.states(of: leaf), [.running, .skipped, .skipped], "while it runs")
            try await endRoot(.manual)
            _ = try await data.store.runs.settle([data.outcome(.success, of: attempt, on: worker)])
            try await data.endAll(on: worker)
            try await endRoot(.scheduled)
            try expectEqual(
                try await data.states(of: leaf), [.completed, .skipped, .skipped, .completed, .pending], "afterwards")
            try expectEqual(
                try await data.allRuns(of: leaf)[1].errorMessage,
                "overlap: as many runs of the task are live as max_concurrent allows (1)", "the reason")
        },
        ContractCase("a dependent is handed what its upstreams came to") { data in
            let root = try await data.root()
            let leaf = try await data.dependent("leaf", on: root, condition: .onCompletion)
            let worker = try await data.worker()
            _ = try await data.runs(1, of: root)
            let attempt = try await data.only(root, on: worker)
            _ = try await data.store.runs.settle([
                data.outcome(.failure(.user), of: attempt, on: worker, result: ["rows": 3], exitCode: 4)
            ])
            let run = try await data.allRuns(of: leaf)[0]
            let expected = UpstreamResult(
                task: root.id, taskName: "root", run: attempt.run, status: .failed, result: ["rows": 3], exitCode: 4)
            try expectEqual(try await data.store.runs.upstreams(of: run.id), [expected], "what is passed on")
            try expectEqual(try await data.store.runs.upstreams(of: attempt.run), [], "what a root gets")
        },
    ]
}

extension TestDataFactory {
    /// Starts the task's only due run and leaves due runs of others alone.
    func only(_ task: TaskDefinition, on worker: WorkerInfo) async throws -> RunAttempt {
        let picked = try await store.runs.pick(limit: 500).runs.map(\.attempt)
        let ids = Set(try await allRuns(of: task).map(\.id))
        let own = picked.filter { ids.contains($0.run) }
        let claimed = try await store.runs.claim(
            RunClaim(worker: worker.id, take: own, giveBack: picked.filter { !ids.contains($0.run) }))
        return try require(claimed.first, "a run of task \(task.id)").attempt
    }
}
