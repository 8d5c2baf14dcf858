import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    /// Runs that were on two lost workers.
    static let suspectCases: [ContractCase] = [
        ContractCase("after two crashes a run goes to one worker by name, and each suspect to a worker of its own") {
            data in
            let runs = try await data.suspects(2)
            let workers = [try await data.worker(), try await data.worker()]
            let first = try await data.store.runs.pick(limit: 10).runs
            try expectEqual(first.count, 1, "how many are sent at once")
            let place = try require(first[0].worker, "the worker of the first")
            try expect(workers.map(\.id).contains(place), "the first goes to a worker that is lost")
            let waiting = try require(runs.first { $0.id != first[0].attempt.run }, "the other")
            let reason = RunExplanation.Reason.isolation(crashes: 2)
            try expectEqual(
                try await data.reasons(try await data.run(waiting.id)), [reason], "what the other waits for")
            _ = try await data.store.runs.claim(RunClaim(worker: place, take: first.map(\.attempt)))
            let second = try await data.store.runs.pick(limit: 10).runs
            try expectEqual(second.map(\.attempt.run), [waiting.id], "what is sent then")
            try expect(second[0].worker != place && second[0].worker != nil, "both go to one worker")
        },
        ContractCase("a suspect waits while every worker has one, and then takes the place that becomes free") { data in
            let runs = try await data.suspects(2)
            let worker = try await data.worker()
            let first = try await data.start(on: worker)
            try expectEqual(first.count, 1, "how many start")
            try expectEqual(try await data.start(on: worker), [], "what starts beside it")
            _ = try await data.store.runs.settle([data.outcome(.success, of: first[0].attempt, on: worker)])
            let second = try await data.start(on: worker)
            try expectEqual(Set((first + second).map(\.attempt.run)), Set(runs.map(\.id)), "what has started")
        },
        ContractCase("others start beside a suspect, on any worker") { data in
            _ = try await data.suspects(1)
            _ = try await data.worker()
            let innocent = try await data.runs(3, of: try await data.task(.fixture(name: "innocent")))
            let picked = try await data.store.runs.pick(limit: 10).runs
            try expectEqual(picked.count, 4, "how many start")
            let free = picked.filter { $0.worker == nil }.map(\.attempt.run)
            try expectEqual(Set(free), Set(innocent.map(\.id)), "what any worker may have")
        },
        ContractCase("a worker that picks for itself takes one suspect at most") { data in
            _ = try await data.suspects(3)
            let worker = try await data.worker()
            for count in [1, 0] {
                let claimed = try await data.store.runs.pickAndClaim(for: worker.id, taskTypes: ["function"], limit: 10)
                try expectEqual(claimed.count, count, "how many it takes")
            }
        },
        ContractCase("a suspect goes to a worker that has its executor, however idle those are that lack it") { data in
            let runs = try await data.suspects(2)
            let able = try await data.worker(executors: ["function"], slots: 2)
            _ = try await data.worker(executors: ["python"], slots: 10)
            let first = try await data.store.runs.pick(limit: 10).runs
            try expectEqual(first.map(\.worker), [able.id], "where the first goes")
            _ = try await data.store.runs.claim(RunClaim(worker: able.id, take: first.map(\.attempt)))
            try expectEqual(try await data.store.runs.pick(limit: 10).runs, [], "what is sent then")
            let waiting = try require(runs.first { $0.id != first[0].attempt.run }, "the other")
            let reason = RunExplanation.Reason.isolation(crashes: 2)
            try expectEqual(try await data.reasons(waiting), [reason], "what the other waits for")
        },
    ]
}

extension TestDataFactory {
    /// Runs that were on two workers when those were lost.
    fileprivate func suspects(_ count: Int) async throws -> [TaskRun] {
        let runs = try await runs(count, of: try await task(.fixture(name: "suspect")))
        for _ in 0..<2 {
            let worker = try await worker()
            try expectEqual(try await start(on: worker).count, count, "how many start before they are suspects")
            _ = try await lose(worker)
        }
        for run in runs { try expectEqual(try await self.run(run.id).crashes, 2, "the crashes") }
        return runs
    }

    /// Adds lines to the log of an attempt.
    func say(_ lines: [String], by attempt: RunAttempt) async throws {
        let lines = lines.enumerated().map { number, text in
            LogLine(number: number + 1, time: clock.now, stream: .stdout, text: text)
        }
        try await store.runLogs.append([LogChunk(attempt: attempt, tenant: .default, lines: lines)])
    }
}
