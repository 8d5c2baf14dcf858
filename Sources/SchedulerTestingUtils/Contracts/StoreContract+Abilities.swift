import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    /// What workers can execute, and what is picked for them.
    static let abilityCases: [ContractCase] = [
        ContractCase(
            "a run whose executor no live worker of its type has waits, says so, and is picked once one has it"
        ) {
            data in
            let worker = try await data.worker(executors: ["function"])
            let task = try await data.task(.fixture(executor: "python"))
            let run = try await data.runs(1, of: task)[0]
            try expectEqual(try await data.pickedRuns(), [], "what is picked")
            let reason = RunExplanation.Reason.noExecutor("python", type: "function")
            try expectEqual(try await data.reasons(run), [reason], "the reasons")
            try expectEqual(reason.message.hasPrefix("no live worker has the executor \"python\""), true, "its words")
            data.clock.advance(by: .seconds(86_400))
            try expectEqual(try await data.run(run.id).status, .pending, "the status a day later")
            _ = try await data.store.workers.beat(
                Heartbeat(
                    worker: worker.id, status: .online, currentTaskCount: 0, held: [],
                    executors: ["function", "python"]))
            try expectEqual(try await data.reasons(run), [.ready], "the reasons with the executor")
            try expectEqual(try await data.pickedRuns(), [run.id], "what is picked with the executor")
        },
        ContractCase("one worker that has the executor is enough, and so is one that did not say what it can") { data in
            _ = try await data.worker(executors: ["function"])
            let able = try await data.worker(executors: ["python"])
            let run = try await data.runs(1, of: try await data.task(.fixture(executor: "python")))[0]
            try expectEqual(try await data.pickedRuns(), [run.id], "what is picked with an able worker")
            try await data.store.workers.leave(able.id)
            let second = try await data.runs(1, of: try await data.task(.fixture(name: "2", executor: "python")))[0]
            try expectEqual(try await data.pickedRuns(), [], "what is picked when it has left")
            _ = try await data.worker()
            try expectEqual(try await data.pickedRuns(), [second.id], "what is picked with a worker that did not say")
        },
        ContractCase("a draining worker's executors count no more, and another type's do not") { data in
            let able = try await data.worker(executors: ["python"])
            _ = try await data.worker(executors: ["function"])
            _ = try await data.worker("other", executors: ["python"])
            let run = try await data.runs(1, of: try await data.task(.fixture(executor: "python")))[0]
            _ = try await data.store.workers.beat(
                Heartbeat(worker: able.id, status: .draining, currentTaskCount: 0, held: []))
            try expectEqual(try await data.pickedRuns(), [], "what is picked")
            try expectEqual(try await data.reasons(run), [.noExecutor("python", type: "function")], "the reasons")
        },
        ContractCase("runs that nobody can execute hold up no others, however many wait before those") { data in
            _ = try await data.worker(executors: ["function"])
            let missing = try await data.task(.fixture(name: "missing", executor: "python"))
            for _ in 0..<3 { _ = try await data.runs(200, of: missing) }
            data.clock.advance(by: .seconds(1))
            let able = try await data.runs(3, of: try await data.task(.fixture(name: "able")))
            var picked: [RunID] = []
            for _ in 0..<3 { picked += try await data.store.runs.pick(limit: 2).runs.map(\.attempt.run) }
            try expectEqual(Set(picked), Set(able.map(\.id)), "what is picked")
        },
        ContractCase(
            "a run whose executor only some workers of its type have goes to one of them by name, or waits for its slot"
        ) { data in
            let able = try await data.worker(executors: ["function", "python"], slots: 2)
            _ = try await data.worker(executors: ["function"], slots: 10)
            let scarce = try await data.runs(3, of: try await data.task(.fixture(name: "scarce", executor: "python")))
            let common = try await data.runs(3, of: try await data.task(.fixture(name: "common")))
            let picked = try await data.store.runs.pick(limit: 500).runs
            let byName = picked.filter { $0.worker == able.id }.map(\.attempt)
            let sent = byName.map(\.run)
            try expectEqual(sent.count, 2, "how many go to the able worker by name")
            try expect(Set(scarce.map(\.id)).isSuperset(of: sent), "another goes there by name")
            let free = picked.filter { $0.worker == nil }.map(\.attempt.run)
            try expectEqual(Set(free), Set(common.map(\.id)), "what any worker may have")
            try expectEqual(try await data.pickedRuns(), [], "what follows while they are on their way")
            _ = try await data.store.runs.claim(RunClaim(worker: able.id, take: byName))
            try expectEqual(try await data.pickedRuns(), [], "what follows while they run")
            let last = try require(scarce.first { !sent.contains($0.id) }, "the last")
            let reason = RunExplanation.Reason.noAbleSlot(executor: "python", type: "function", slots: 2)
            try expectEqual(try await data.reasons(last), [reason], "the reasons")
            _ = try await data.store.runs.settle([data.outcome(.success, of: byName[0], on: able)])
            try expectEqual(try await data.reasons(last), [.ready], "the reasons with a free slot")
            let next = try await data.store.runs.pick(limit: 500).runs
            try expectEqual(next.map(\.attempt.run), [last.id], "what is picked then")
            try expectEqual(next.map(\.worker), [able.id], "where it goes")
        },
        ContractCase("runs that wait for a slot of the able workers hold up no others, however many they are") { data in
            let able = try await data.worker(executors: ["function", "python"], slots: 1)
            let scarce = try await data.task(.fixture(name: "scarce", executor: "python"))
            _ = try await data.runs(1, of: scarce)
            try expectEqual(try await data.start(on: able).count, 1, "how many start")
            _ = try await data.worker(executors: ["function"])
            for _ in 0..<3 { _ = try await data.runs(200, of: scarce) }
            data.clock.advance(by: .seconds(1))
            let common = try await data.runs(3, of: try await data.task(.fixture(name: "common")))
            var picked: [RunID] = []
            for _ in 0..<3 { picked += try await data.store.runs.pick(limit: 2).runs.map(\.attempt.run) }
            try expectEqual(Set(picked), Set(common.map(\.id)), "what is picked")
        },
        ContractCase("each version of a task asks for its own executor") { data in
            _ = try await data.worker(executors: ["function"])
            let task = try await data.task(.fixture(executor: "function"))
            let old = try await data.runs(1, of: task)[0]
            var edited = task
            edited.spec.executor = "python"
            _ = try await data.store.tasks.save([TaskEdit(task: edited)], replacing: [task])
            let new = try await data.runs(1, of: task)[0]
            try expectEqual(try await data.pickedRuns(), [old.id], "what is picked")
            try expectEqual(try await data.reasons(new), [.noExecutor("python", type: "function")], "the reasons")
        },
        ContractCase("a worker that picks for itself takes what it can execute") { data in
            let worker = try await data.worker(executors: ["function"])
            _ = try await data.worker(executors: ["python"])
            _ = try await data.runs(1, of: try await data.task(.fixture(name: "python", executor: "python")))
            let able = try await data.runs(1, of: try await data.task(.fixture(name: "able")))[0]
            let claimed = try await data.store.runs.pickAndClaim(for: worker.id, taskTypes: ["function"], limit: 5)
            try expectEqual(claimed.map(\.attempt.run), [able.id], "what it takes")
        },
        ContractCase("a run handed back by a worker that cannot execute it waits a while, and no retry is spent") {
            data in
            let (_, worker, attempt) = try await data.started()
            var outcome = data.outcome(.interruption, of: attempt, on: worker, errorMessage: "no executor")
            outcome.returnDelay = .seconds(5)
            let later = data.clock.now.advanced(by: .seconds(5))
            try expectEqual(try await data.store.runs.settle([outcome]), [.returned(dueAt: later)], "the settlement")
            let run = try await data.run(attempt.run)
            try expectEqual([run.failures, run.interruptions], [0, 1], "the counters")
            try expectEqual(try await data.pickedRuns(), [], "what is picked at once")
            data.clock.advance(by: .seconds(5))
            try expectEqual(try await data.pickedRuns(), [run.id], "what is picked then")
        },
    ]
}

extension TestDataFactory {
    /// Registers a worker that says what it can execute.
    func worker(
        _ type: String = "function", executors: [String]?, slots: Int = 1_000
    ) async throws -> WorkerInfo {
        let info = WorkerInfoBuilder(at: clock.now)
            .with {
                $0.taskTypes = [type]
                $0.executors = executors
                $0.maxConcurrentTasks = slots
            }
            .build()
        try await store.workers.register(info)
        return info
    }

    fileprivate func pickedRuns() async throws -> [RunID] {
        try await store.runs.pick(limit: 500).runs.map(\.attempt.run)
    }
}
