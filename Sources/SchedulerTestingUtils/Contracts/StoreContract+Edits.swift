import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    static let editCases: [ContractCase] = [
        ContractCase("an edited specification becomes the next version") { data in
            let task = try await data.task()
            var edited = task
            edited.spec.command = "other"
            data.clock.advance(by: .seconds(5))
            let saved = try await data.store.tasks.save([TaskEdit(task: edited)], replacing: [task])
            try expectEqual(saved.map(\.version), [2], "the version")
            try expectEqual(saved.map(\.spec.command), ["other"], "the command")
            try expectEqual(saved.map(\.createdAt), [task.createdAt], "the creation time")
            try expectEqual(saved.map(\.updatedAt), [data.clock.now], "the time of the change")
            try expectEqual(try await data.task(task.id), saved[0], "the task that was read")
        },
        ContractCase("a change of status or next fire time alone keeps the version") { data in
            let task = try await data.task(next: data.clock.now)
            var edited = task
            edited.status = .paused
            edited.nextRunAt = nil
            let saved = try await data.store.tasks.save([TaskEdit(task: edited)], replacing: [task])
            try expectEqual(saved.map(\.version), [1], "the version")
            try expectEqual(saved.map(\.status), [.paused], "the status")
            try expectEqual(saved.map(\.nextRunAt), [nil], "the next fire time")
        },
        ContractCase("an edit read before somebody paused the task is a conflict, also without a schedule") { data in
            let task = try await data.task()
            var paused = task
            paused.status = .paused
            _ = try await data.store.tasks.save([TaskEdit(task: paused)], replacing: [task])
            var edited = task
            edited.spec.command = "other"
            try await expectError(.conflict, "an edit over a pause") {
                _ = try await data.store.tasks.save([TaskEdit(task: edited)], replacing: [task])
            }
            try expectEqual(try await data.task(task.id).status, .paused, "the status")
        },
        ContractCase("an edit of a pause that was ended and begun anew since it was read is a conflict") { data in
            let active = try await data.task()
            var paused = active
            (paused.status, paused.pausedAt) = (.paused, data.clock.now)
            let first = try await data.store.tasks.save([TaskEdit(task: paused)], replacing: [active])[0]
            data.clock.advance(by: .seconds(60))
            (paused.status, paused.pausedAt) = (.active, nil)
            let resumed = try await data.store.tasks.save([TaskEdit(task: paused)], replacing: [first])[0]
            (paused.status, paused.pausedAt) = (.paused, data.clock.now)
            let second = try await data.store.tasks.save([TaskEdit(task: paused)], replacing: [resumed])[0]
            (paused.status, paused.pausedAt) = (.active, nil)
            try await expectError(.conflict, "resuming the first pause") {
                _ = try await data.store.tasks.save([TaskEdit(task: paused)], replacing: [first])
            }
            try expectEqual(try await data.task(active.id).pausedAt, data.clock.now, "when the pause began")
            _ = try await data.store.tasks.save([TaskEdit(task: paused)], replacing: [second])
        },
        ContractCase("an edit of what somebody changed meanwhile is a conflict, and nothing of the call happens") {
            data in
            let task = try await data.task(.fixture(name: "one"))
            let other = try await data.task(.fixture(name: "two"))
            var edited = task
            edited.spec.command = "first"
            _ = try await data.store.tasks.save([TaskEdit(task: edited)], replacing: [task])
            edited.spec.command = "second"
            var otherEdited = other
            otherEdited.spec.command = "second"
            let edits = [TaskEdit(task: otherEdited), TaskEdit(task: edited)]
            try await expectError(.conflict, "an edit of an old version") {
                _ = try await data.store.tasks.save(edits, replacing: [other, task])
            }
            try expectEqual(try await data.task(other.id), other, "the other task of the call")
            try expectEqual(try await data.task(task.id).spec.command, "first", "the command")
        },
        ContractCase("an edit conflicts with fire times decided since the task was read") { data in
            let task = try await data.task(next: data.clock.now)
            _ = try await data.store.tasks.fire([
                data.decision(for: task, next: data.clock.now.advanced(by: .seconds(1)))
            ])
            var edited = task
            edited.nextRunAt = nil
            try await expectError(.conflict, "an edit with an old next fire time") {
                _ = try await data.store.tasks.save([TaskEdit(task: edited)], replacing: [task])
            }
        },
        ContractCase("an edit of a missing, deleted or foreign task is not found") { data in
            let task = try await data.task()
            var missing = task
            missing.id = TaskID(987_654_321)
            try await expectError(.notFound, "an edit of a missing task") {
                _ = try await data.store.tasks.save([TaskEdit(task: missing)], replacing: [missing])
            }
            var foreign = task
            foreign.tenant = TenantID("other")
            try await expectError(.notFound, "an edit by another tenant") {
                _ = try await data.store.tasks.save([TaskEdit(task: foreign)], replacing: [foreign])
            }
            _ = try await data.store.tasks.delete([task.id], tenant: .default)
            try await expectError(.notFound, "an edit of a deleted task") {
                _ = try await data.store.tasks.save([TaskEdit(task: task)], replacing: [task])
            }
        },
        ContractCase("an edit cannot take another task's name, but keeps or changes its own") { data in
            let task = try await data.task(.fixture(name: "one"))
            _ = try await data.task(.fixture(name: "two"))
            var edited = task
            edited.spec.name = "two"
            try await expectError(.alreadyExists, "taking a name") {
                _ = try await data.store.tasks.save([TaskEdit(task: edited)], replacing: [task])
            }
            edited.spec.name = "three"
            let saved = try await data.store.tasks.save([TaskEdit(task: edited)], replacing: [task])
            try expectEqual(saved.map(\.spec.name), ["three"], "the name")
            _ = try await data.task(.fixture(name: "one"))
        },
        ContractCase("an edit keeps the counters of runs made since the task was read") { data in
            let task = try await data.task()
            _ = try await data.runs(2, of: task)
            var edited = task
            edited.spec.command = "other"
            let saved = try await data.store.tasks.save([TaskEdit(task: edited)], replacing: [task])
            try expectEqual(saved.map(\.executionCount), [2], "the execution count")
            try expectEqual(saved.map(\.lastRunAt), [data.clock.now], "the latest fire time")
        },
        ContractCase("fire times of the old schedule are decided with the edit, by the old version") { data in
            let task = try await data.task(.fixture(priority: .low), next: data.clock.now)
            var edited = task
            edited.spec.priority = .critical
            edited.nextRunAt = data.clock.now.advanced(by: .seconds(3_600))
            let decision = data.decision(for: task, next: nil)
            let edit = TaskEdit(task: edited, decided: decision)
            let saved = try await data.store.tasks.save([edit], replacing: [task])
            try expectEqual(saved.map(\.version), [2], "the version")
            try expectEqual(saved.map(\.nextRunAt), [edited.nextRunAt], "the next fire time")
            try expectEqual(saved.map(\.executionCount), [1], "the execution count")
            let run = try await data.run(decision.runs[0].id)
            try expectEqual(run.taskVersion, 1, "the run's version")
            try expectEqual(run.priority, .low, "the run's priority")
            try expectEqual(try await data.ledger(of: task).map(\.run), [run.id], "the ledger")
            try await expectError(.conflict, "the same edit again") {
                _ = try await data.store.tasks.save([edit], replacing: [task])
            }
            try expectEqual(try await data.ledger(of: task).count, 1, "the lines of the ledger")
        },
    ]

    static let deletionCases: [ContractCase] = [
        ContractCase("a deleted task is gone, fires no more, and frees its name") { data in
            let task = try await data.task(.fixture(name: "name"), next: data.clock.now)
            let ids = [task.id, TaskID(987_654_321)]
            let elsewhere = try await data.store.tasks.delete(ids, tenant: TenantID("other"))
            try expect(elsewhere.isEmpty, "another tenant deletes the task")
            try expectEqual(try await data.store.tasks.delete(ids, tenant: .default), [task.id], "what was deleted")
            try expectEqual(try await data.store.tasks.delete(ids, tenant: .default), [], "what is deleted twice")
            let found = try await data.store.tasks.find([task.id], tenant: .default)
            let listed = try await data.store.tasks.list(TaskQuery()).items
            try expect(found.isEmpty && listed.isEmpty, "a deleted task is found")
            let due = try await data.store.tasks.due(limit: 10)
            try expect(due.entries.isEmpty && due.nextFireAt == nil, "a deleted task is due")
            let fired = try await data.store.tasks.fire([data.decision(for: task, next: nil)])
            try expect(fired.isEmpty, "a deleted task fires")
            _ = try await data.task(.fixture(name: "name"))
        },
        ContractCase("deleting a task cancels what has not started, asks what runs to end, and leaves the history") {
            data in
            let task = try await data.task()
            let worker = try await data.worker(slots: 3)
            let runs = try await data.runs(4, of: task)
            let started = try await data.start(on: worker, limit: 2)
            _ = try await data.store.runs.settle([data.outcome(.success, of: started[0].attempt, on: worker)])
            let dispatched = try await data.store.runs.pick(limit: 1).runs.map(\.attempt)
            data.clock.advance(by: .seconds(1))
            _ = try await data.store.tasks.delete([task.id], tenant: .default)
            var rows: [TaskRun] = []
            for run in runs { rows.append(try await data.run(run.id)) }
            let now = data.clock.now
            try expectEqual(rows.map(\.status), [.completed, .running, .cancelled, .cancelled], "the states")
            try expectEqual(rows.map(\.cancelRequestedAt), [nil, now, now, now], "when the cancel was asked for")
            try expectEqual(rows[2...].map(\.completedAt), [now, now], "when the last ones ended")
            let reason = "the task was deleted"
            try expectEqual(rows.map(\.errorMessage), [nil, nil, reason, reason], "what they say")
            try expect(try await data.store.runs.pick(limit: 10).runs.isEmpty, "a cancelled run is picked")
            let claim = RunClaim(worker: worker.id, take: dispatched)
            try expectEqual(try await data.store.runs.claim(claim), [], "what is claimed of a cancelled run")
            let settled = try await data.store.runs.settle([data.outcome(.success, of: started[1].attempt, on: worker)])
            try expectEqual(settled, [.ended(.completed)], "settling a run of a deleted task")
        },
        ContractCase("no run of a deleted task starts again, whatever becomes of it") { data in
            let task = try await data.task(.fixture(retryPolicy: RetryPolicy(maxRetries: 25)))
            let (worker, lost) = (try await data.worker(slots: 2), try await data.worker(slots: 1))
            let runs = try await data.runs(3, of: task)
            let picked = try await data.store.runs.pick(limit: 3).runs.map(\.attempt)
            _ = try await data.store.runs.claim(RunClaim(worker: worker.id, take: Array(picked.prefix(2))))
            _ = try await data.store.runs.claim(RunClaim(worker: lost.id, take: Array(picked.suffix(1))))
            _ = try await data.store.tasks.delete([task.id], tenant: .default)
            let settled = try await data.store.runs.settle([
                data.outcome(.failure(.network), of: picked[0], on: worker),
                data.outcome(.interruption, of: picked[1], on: worker),
            ])
            try expectEqual(settled, [.ended(.cancelled), .ended(.cancelled)], "the settlements")
            let term = try require(
                try await data.store.locks.acquire("leader", owner: "test", timeToLive: .seconds(60)), "the term")
            let silent = [lost.id: try require(try await data.store.recovery.heartbeats()[lost.id], "the heartbeat")]
            let recovery = try await data.store.recovery.recover(silent: silent, term: term)
            try expectEqual([recovery.ended.count, recovery.returned.count], [1, 0], "what was taken back")
            for run in runs { try expectEqual(try await data.run(run.id).status, .cancelled, "the state") }
        },
        ContractCase("tasks that are deleted together leave no trace of each other's ends") { data in
            let first = try await data.root("first")
            let second = try await data.dependent("second", on: first)
            let always = try await data.dependent("always", on: first, condition: .onCompletion)
            let third = try await data.dependent("third", on: second, always)
            let runs = [try await data.runs(1, of: first)[0], try await data.runs(1, of: second)[0]]
            let deleted = try await data.store.tasks.delete([first.id], tenant: .default, cascading: true)
            try expectEqual(deleted, [first, second, always, third].map(\.id), "what was deleted")
            let all = try await data.store.runs.list(TaskRunQuery()).items
            try expectEqual(Set(all.map(\.id)), Set(runs.map(\.id)), "the runs")
            try expectEqual(all.map(\.status), [.cancelled, .cancelled], "their states")
            try expectEqual(Set(all.map(\.errorMessage)), ["the task was deleted"], "what they say")
        },
    ]
}

extension TestDataFactory {
    /// A decision that fires the task's next fire time.
    func decision(for task: TaskDefinition, next: UTCInstant?, endsTask: Bool = false) -> FireDecision {
        let from = task.nextRunAt ?? clock.now
        let run = NewRun(
            id: .next(at: clock.now), tenant: task.tenant, task: task.id, trigger: .scheduled, scheduledAt: from)
        return FireDecision(
            task: task.id, tenant: task.tenant, version: task.version, from: from, runs: [run], next: next,
            endsTask: endsTask)
    }

    /// The whole ledger of a task.
    func ledger(of task: TaskDefinition) async throws -> [FireRecord] {
        try await store.tasks.fires(of: task.id, in: .distantPast ..< .distantFuture, limit: 500)
    }
}
