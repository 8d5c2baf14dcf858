import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    static let backfillCases: [ContractCase] = [
        ContractCase("a backfill gives fire times their runs and tells how far they are") { data in
            let task = try await data.task(.fixture(taskType: "shell", priority: .high))
            let backfill = try await data.backfill(of: task)
            try expectEqual(backfill.createdAt, data.clock.now, "when it began")
            try expectEqual(try await data.progress(of: backfill).state, .creating, "the state while it begins")
            let runs = data.past(1...3, of: task, for: backfill)
            let step = try await data.store.backfills.add(runs, to: backfill.id)
            try expectEqual(step, BackfillStep(created: runs.map(\.id)), "what was made")
            let run = try await data.run(runs[1].id)
            try expectEqual(run.trigger, .backfill, "the trigger")
            try expectEqual(run.workflow, backfill.id, "the workflow")
            try expectEqual([run.scheduledAt, run.dueAt], [runs[1].scheduledAt, data.clock.now], "the times")
            try expectEqual(run.priority, .low, "the priority")
            try expectEqual(try await data.task(task.id).executionCount, 3, "the execution count")
            try expectEqual(try await data.store.tasks.load(of: task.id).waiting, 0, "what counts as waiting")
            try await data.store.backfills.finish(backfill.id, remainingFrom: data.clock.now)
            let progress = try await data.progress(of: backfill)
            try expectEqual(progress.state, .running, "the state")
            try expectEqual(progress.runs, [.pending: 3], "the counts")
            try expectEqual(progress.backfill.remainingFrom, data.clock.now, "where fire times remain")
            let fires = try await data.store.backfills.fires(
                of: task.id, in: .distantPast ..< .distantFuture, limit: 2)
            try expectEqual(fires.map(\.run), [runs[2].id, runs[1].id], "the backfilled fires, earliest first")
            try expectEqual(fires.map(\.backfill), [backfill.id, backfill.id], "their backfill")
            let elsewhere = try await data.store.backfills.find(
                backfill.id, task: task.id, tenant: TenantID("other"))
            try expectEqual(elsewhere, nil, "another tenant's backfill")
        },
        ContractCase(
            "a backfill leaves out what has a run, also from another one, and what the schedule has yet to decide"
        ) {
            data in
            let now = data.clock.now
            var task = try await data.task(next: now.advanced(by: .seconds(-4)))
            _ = try await data.store.tasks.fire([data.decision(for: task, next: now.advanced(by: .seconds(-3)))])
            task = try await data.task(task.id)
            let skip = now.skips(-3 ... -3, .misfire)
            try await data.fire(task, skips: [skip], next: now.advanced(by: .seconds(-2)))
            let first = try await data.backfill(of: task)
            let older = data.past(5...5, of: task, for: first)
            _ = try await data.store.backfills.add(older, to: first.id)
            let second = try await data.backfill(of: task)
            // -5 was backfilled, -4 fired, -3 was skipped, from -2 on the schedule decides.
            let runs = data.past(1...6, of: task, for: second)
            let step = try await data.store.backfills.add(runs.reversed(), to: second.id)
            try expectEqual(step.created, [runs[5].id, runs[2].id], "what was made")
            try expectEqual(step.leftOut, 4, "how many were left out")
            try expectEqual(try await data.progress(of: second).backfill.leftOut, 4, "how many the backfill left out")
            let again = try await data.store.backfills.add(data.past(6...6, of: task, for: second), to: second.id)
            try expectEqual(again, BackfillStep(leftOut: 1), "the same fire time again")
        },
        ContractCase("of backfills at once each fire time gets one run") { data in
            let task = try await data.task()
            let backfills = [try await data.backfill(of: task), try await data.backfill(of: task)]
            let steps = try await withThrowingTaskGroup(of: BackfillStep.self) { group in
                for backfill in backfills + backfills {
                    group.addTask {
                        try await data.store.backfills.add(
                            data.past(1...20, of: task, for: backfill), to: backfill.id)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try expectEqual(steps.map(\.created.count).reduce(0, +), 20, "the runs made")
            try expectEqual(steps.map(\.leftOut).reduce(0, +), 60, "the fire times left out")
            try expectEqual(try await data.task(task.id).executionCount, 20, "the execution count")
        },
        ContractCase("a backfill makes no more runs at once than it is told to, and those fall due in turn") { data in
            let task = try await data.task()
            let first = try await data.backfill(of: task)
            _ = try await data.store.backfills.add(data.past(2...3, of: task, for: first), to: first.id)
            let second = try await data.backfill(of: task)
            var runs = Array(data.past(1...5, of: task, for: second).reversed())
            for index in runs.indices { runs[index].dueAt = data.clock.now.advanced(by: .seconds(index)) }
            let step = try await data.store.backfills.add(runs, to: second.id, atMost: 2)
            try expectEqual(step.created, [runs[0].id, runs[1].id], "what was made")
            try expectEqual(step.leftOut, 2, "how many were left out")
            try expectEqual(step.stoppedAt, runs[4].scheduledAt, "where it stopped")
            let rest = try await data.store.backfills.add([runs[3], runs[4]], to: second.id, atMost: 2)
            try expectEqual(try await data.run(runs[4].id).dueAt, runs[3].dueAt, "when the last one is due")
            try expectEqual(rest.created, [runs[4].id], "what was made then")
        },
        ContractCase("a backfill at which nothing was done for a minute is interrupted, until it goes on") { data in
            let task = try await data.task()
            let backfill = try await data.backfill(of: task)
            data.clock.advance(by: .seconds(60))
            _ = try await data.store.backfills.add(data.past(1...1, of: task, for: backfill), to: backfill.id)
            data.clock.advance(by: .seconds(60))
            try expectEqual(try await data.progress(of: backfill).state, .creating, "the state after a minute")
            data.clock.advance(by: .seconds(1))
            try expectEqual(try await data.progress(of: backfill).state, .interrupted, "the state after that")
            _ = try await data.store.backfills.add(data.past(9...9, of: task, for: backfill), to: backfill.id)
            try expectEqual(try await data.progress(of: backfill).state, .creating, "the state when it went on")
            try await data.store.backfills.finish(backfill.id, remainingFrom: nil)
            data.clock.advance(by: .seconds(100))
            try expectEqual(try await data.progress(of: backfill).state, .running, "the state when it is done")
        },
        ContractCase("a backfill stops where max_executions does") { data in
            let task = try await data.task(.fixture(maxExecutions: 2))
            let backfill = try await data.backfill(of: task)
            let runs = data.past(1...3, of: task, for: backfill)
            let step = try await data.store.backfills.add(runs, to: backfill.id)
            let expected = BackfillStep(created: runs.prefix(2).map(\.id), stoppedAt: runs[2].scheduledAt)
            try expectEqual(step, expected, "what was made")
            try expectEqual(try await data.task(task.id).executionCount, 2, "the execution count")
        },
        ContractCase("a backfill is cancelled as a whole, and makes no more runs") { data in
            let task = try await data.task()
            let worker = try await data.worker(slots: 1)
            let backfill = try await data.backfill(of: task)
            let runs = data.past(1...3, of: task, for: backfill)
            _ = try await data.store.backfills.add(runs, to: backfill.id)
            let beside = try await data.runs(1, of: task)[0]
            let running = try await data.start(on: worker).map(\.attempt.run)
            let none = try await data.store.backfills.cancelRuns(of: backfill.id, limit: 9, reason: "stop")
            try expectEqual(none, 0, "how many runs are cancelled of a backfill that is not")
            try expectEqual(
                try await data.cancel(backfill, limit: 2), [2, 1], "how many runs were cancelled at a time")
            let cancelled = try await data.store.backfills.find(backfill.id, task: task.id, tenant: .default)
            try expectEqual(cancelled?.state, .cancelled, "the state")
            let own = running.contains(beside.id) ? 0 : 1
            try expectEqual(cancelled?.runs[.cancelled], 3 - own, "the ended ones")
            try expectEqual(cancelled?.runs[.running], own == 1 ? 1 : nil, "the running ones")
            let step = try await data.store.backfills.add(data.past(9...9, of: task, for: backfill), to: backfill.id)
            let stopped = BackfillStep(stoppedAt: data.clock.now.advanced(by: .seconds(-9)))
            try expectEqual(step, stopped, "what a cancelled backfill makes")
            let again = try await data.store.backfills.cancel(backfill.id, task: task.id, tenant: .default)
            try expectEqual(again, try await data.progress(of: backfill), "cancelled again")
            let foreign = try await data.store.backfills.cancel(
                backfill.id, task: TaskID(987_654_321), tenant: .default)
            try expectEqual(foreign, nil, "a backfill of another task")
        },
        ContractCase("of a cancelled backfill nothing follows any more, and what has followed is cancelled") { data in
            let root = try await data.root()
            let next = try await data.dependent("next", on: root, condition: .onCompletion)
            let last = try await data.dependent("last", on: next, condition: .onCompletion)
            let worker = try await data.worker(slots: 2)
            let backfill = try await data.backfill(of: root)
            let runs = data.past(1...3, of: root, for: backfill)
            _ = try await data.store.backfills.add(runs, to: backfill.id)
            let beside = try await data.runs(1, of: next)[0]
            let started = try await data.start(on: worker).map(\.attempt).filter { $0.run != beside.id }
            data.clock.advance(by: .milliseconds(1))
            _ = try await data.store.runs.settle([data.outcome(.success, of: started[0], on: worker)])
            let followed = try await data.allRuns(of: next).filter { $0.trigger == .dependency }
            try expectEqual(followed.map(\.status), [.pending], "what followed before")
            // Ids grow by the millisecond.
            data.clock.advance(by: .milliseconds(1))
            let ended = try await data.cancel(backfill, limit: 500)
            try expectEqual(ended, [runs.count - 1 + followed.count], "how many runs were cancelled")
            // A success counts, but brings nothing about any more.
            let settled = try await data.store.runs.settle(
                started.dropFirst().map { data.outcome(.success, of: $0, on: worker) })
            try expectEqual(settled, started.dropFirst().map { _ in .ended(.completed) }, "the settlements")
            try expectEqual(try await data.run(beside.id).status.isTerminal, false, "a run beside it has ended")
            let all = try await data.allRuns(of: next).filter { $0.trigger == .dependency }
            try expectEqual(all.map(\.status), [.cancelled, .skipped, .skipped], "what followed from the first")
            try expectEqual(try await data.states(of: last), [.skipped, .skipped, .skipped], "what followed from that")
            let skipped = try await data.allRuns(of: last) + all.dropFirst()
            try expectEqual(Set(skipped.map(\.errorMessage)), ["its backfill was cancelled"], "the reasons")
        },
        ContractCase("a draft or a deleted task is not backfilled") { data in
            let draft = try await data.task(.fixture(name: "draft"), status: .created)
            let ofDraft = try await data.backfill(of: draft)
            try await expectError(.conflict, "a backfill of a draft") {
                _ = try await data.store.backfills.add(data.past(1...1, of: draft, for: ofDraft), to: ofDraft.id)
            }
            let deleted = try await data.task(.fixture(name: "deleted"))
            let ofDeleted = try await data.backfill(of: deleted)
            _ = try await data.store.tasks.delete([deleted.id], tenant: .default)
            try await expectError(.notFound, "a backfill of a deleted task") {
                _ = try await data.store.backfills.add(data.past(1...1, of: deleted, for: ofDeleted), to: ofDeleted.id)
            }
        },
    ]
}

extension TestDataFactory {
    /// Begins a backfill of the last hour.
    func backfill(of task: TaskDefinition) async throws -> Backfill {
        try await store.backfills.begin(
            Backfill(
                id: .next(at: clock.now), task: task.id, from: clock.now.advanced(by: .seconds(-3_600)), to: clock.now,
                limit: 100, createdBy: "test", createdAt: .epoch))
    }

    /// Runs of the fire times so many seconds ago, due now.
    func past(_ seconds: ClosedRange<Int>, of task: TaskDefinition, for backfill: Backfill) -> [NewRun] {
        seconds.map { second in
            NewRun(
                id: .next(at: clock.now), tenant: task.tenant, task: task.id, overrides: RunOverrides(priority: .low),
                trigger: .backfill, scheduledAt: clock.now.advanced(by: .seconds(-second)), dueAt: clock.now,
                workflow: backfill.id)
        }
    }

    /// Cancels a backfill.
    ///
    /// - Returns: how many runs each transaction cancelled.
    func cancel(_ backfill: Backfill, limit: Int) async throws -> [Int] {
        let marked = try await store.backfills.cancel(backfill.id, task: backfill.task, tenant: .default)
        try expectEqual(marked?.state, .cancelled, "the state")
        var counts: [Int] = []
        while true {
            let count = try await store.backfills.cancelRuns(of: backfill.id, limit: limit, reason: "stop")
            guard count > 0 else { return counts }
            counts.append(count)
        }
    }

    /// The backfill as the store has it.
    func progress(of backfill: Backfill) async throws -> BackfillProgress {
        try await only(
            [store.backfills.find(backfill.id, task: backfill.task, tenant: .default)].compactMap { $0 }, "a backfill")
    }
}
