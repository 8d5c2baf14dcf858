import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    static let enqueueCases: [ContractCase] = [
        ContractCase("an enqueued run takes type, priority, key and version from its task") { data in
            var spec = TaskSpec.fixture(taskType: "shell", executor: "shell", priority: .high)
            spec.concurrencyKey = "key"
            let task = try await data.task(spec)
            var edited = task
            edited.spec.command = "other"
            _ = try await data.store.tasks.save([TaskEdit(task: edited)], replacing: [task])
            let run = try await data.runs(1, of: task)[0]
            try expectEqual(run.taskType, "shell", "the type")
            try expectEqual(run.priority, .high, "the priority")
            try expectEqual(run.concurrencyKey, "key", "the key")
            try expectEqual(run.taskVersion, 2, "the version")
            try expectEqual(run.status, .pending, "the status")
            try expectEqual(
                [run.attempt, run.settledAttempt, run.failures, run.crashes], [0, 0, 0, 0], "the counters")
            try expectEqual([run.createdAt, run.updatedAt], [data.clock.now, data.clock.now], "the times")
            try expectEqual(try await data.run(run.id), run, "the run that was read")
            let after = try await data.task(task.id)
            try expectEqual(after.executionCount, 1, "the execution count")
            try expectEqual(after.lastRunAt, data.clock.now, "the latest fire time")
        },
        ContractCase("an enqueued run keeps what its trigger says") { data in
            let task = try await data.task()
            let overrides = RunOverrides(
                arguments: ["a", 1], environment: ["K": "V"], config: ["deep": ["x": nil]], priority: .critical)
            let new = NewRun(
                id: .next(at: data.clock.now), task: task.id, overrides: overrides, trigger: .backfill,
                triggeredBy: "ann", scheduledAt: data.clock.now.advanced(by: .seconds(-60)),
                dueAt: data.clock.now.advanced(by: .seconds(60)), traceContext: "00-1-2-01")
            _ = try await data.store.runs.enqueue([[new]])
            let run = try await data.run(new.id)
            try expectEqual(run.overrides, overrides, "the overrides")
            try expectEqual(run.priority, .critical, "the priority")
            try expectEqual(run.trigger, .backfill, "the trigger")
            try expectEqual(run.triggeredBy, "ann", "who triggered it")
            try expectEqual(run.scheduledAt, new.scheduledAt, "the fire time")
            try expectEqual(run.dueAt, new.dueAt, "the due time")
            try expectEqual(run.traceContext, "00-1-2-01", "the trace")
        },
        ContractCase("a run without a fire time is meant for now") { data in
            let task = try await data.task()
            let new = NewRun(id: .next(at: data.clock.now), task: task.id)
            _ = try await data.store.runs.enqueue([[new]])
            let run = try await data.run(new.id)
            try expectEqual([run.scheduledAt, run.dueAt], [data.clock.now, data.clock.now], "the times")
        },
        ContractCase("what somebody asks for waits from then on, whatever time of the past it names") { data in
            let task = try await data.task()
            let past = data.clock.now.advanced(by: .seconds(-86_400))
            var asked = data.newRun(of: task, overrides: RunOverrides(priority: .low))
            asked.scheduledAt = past
            var fired = data.newRun(of: task, trigger: .scheduled)
            fired.scheduledAt = past
            var later = data.newRun(of: task)
            later.scheduledAt = data.clock.now.advanced(by: .seconds(5))
            _ = try await data.store.runs.enqueue([[asked, fired, later]])
            var runs: [TaskRun] = []
            for new in [asked, fired, later] { runs.append(try await data.run(new.id)) }
            try expectEqual(runs.map(\.scheduledAt), [past, past, later.scheduledAt], "the times that were named")
            try expectEqual(runs.map(\.dueAt), [data.clock.now, past, later.scheduledAt], "when they are due")
        },
        ContractCase("a group that is refused leaves the others alone, and is refused whole") { data in
            let task = try await data.task(.fixture(name: "good"))
            let missing = NewRun(id: .next(at: data.clock.now), task: TaskID(987_654_321))
            let foreign = NewRun(id: .next(at: data.clock.now), tenant: TenantID("other"), task: task.id)
            let groups = [
                [data.newRun(of: task), missing], [data.newRun(of: task), data.newRun(of: task)], [foreign],
            ]
            let results = try await data.store.runs.enqueue(groups)
            try expectEqual(results.count, 3, "the number of results")
            try expectEqual(results[0].code, .notFound, "the first group's refusal")
            try expect(results[0].message.contains("987654321"), "the refusal does not name the task")
            try expectEqual(results[1].ids, groups[1].map(\.id), "the second group's runs")
            try expectEqual(results[2].code, .notFound, "the refusal of another tenant's task")
            let listed = try await data.store.runs.list(TaskRunQuery()).items.map(\.id)
            try expectEqual(Set(listed), Set(groups[1].map(\.id)), "what exists")
            try expectEqual(try await data.task(task.id).executionCount, 2, "the execution count")
        },
        ContractCase("drafts, ended and deleted tasks take no runs, paused ones do") { data in
            let states: [TaskStatus] = [.created, .inactive, .paused, .active]
            var groups: [[NewRun]] = []
            for status in states {
                let task = try await data.task(.fixture(name: status.rawValue), status: status)
                groups.append([data.newRun(of: task)])
            }
            let deleted = try await data.task(.fixture(name: "deleted"))
            _ = try await data.store.tasks.delete([deleted.id], tenant: .default)
            groups.append([data.newRun(of: deleted)])
            let results = try await data.store.runs.enqueue(groups)
            try expectEqual(results.map(\.code), [.conflict, .conflict, nil, nil, .notFound], "the refusals")
        },
        ContractCase("max_executions is exact for enqueued runs") { data in
            let task = try await data.task(.fixture(maxExecutions: 3))
            let results = try await data.store.runs.enqueue([
                [data.newRun(of: task), data.newRun(of: task)],
                [data.newRun(of: task), data.newRun(of: task)],
                [data.newRun(of: task)],
            ])
            try expectEqual(results.map(\.code), [nil, .conflict, nil], "the refusals")
            let more = try await data.store.runs.enqueue([[data.newRun(of: task)]])
            try expectEqual(more.map(\.code), [.conflict], "the refusal of a fourth run")
            try expectEqual(try await data.task(task.id).executionCount, 3, "the execution count")
        },
        ContractCase("a repeated run is returned as it is and not counted again, whatever became of it") { data in
            let task = try await data.task(.fixture(maxExecutions: 2))
            let group = [data.newRun(of: task), data.newRun(of: task)]
            _ = try await data.store.runs.enqueue([group])
            let worker = try await data.worker(slots: 1)
            let started = try await data.start(on: worker)
            _ = try await data.store.runs.settle(started.map { data.outcome(.success, of: $0.attempt, on: worker) })
            let again = try await data.store.runs.enqueue([group])
            try expectEqual(again.map(\.ids), [group.map(\.id)], "the repeated group")
            let runs = try again[0].get()
            try expectEqual(runs.map(\.status), [.completed, .pending], "the states")
            try expectEqual(try await data.task(task.id).executionCount, 2, "the execution count")
            try expectEqual(try await data.store.runs.list(TaskRunQuery()).items.count, 2, "the number of runs")
        },
        ContractCase("an empty call and an empty group are answered") { data in
            try expectEqual(try await data.store.runs.enqueue([]).count, 0, "the results of no group")
            try expectEqual(try await data.store.runs.enqueue([[]]).map(\.ids), [[]], "the results of an empty group")
        },
    ]

    static let runQueryCases: [ContractCase] = [
        ContractCase("runs are listed across live and ended ones, newest first, by pages") { data in
            let task = try await data.task()
            let runs = try await data.runs(7, of: task)
            let worker = try await data.worker(slots: 3)
            let started = try await data.start(on: worker)
            _ = try await data.store.runs.settle([data.outcome(.success, of: started[1].attempt, on: worker)])
            var seen: [RunID] = []
            var query = TaskRunQuery(limit: 3)
            var page = try await data.store.runs.list(query)
            while page.hasMore {
                try expectEqual(page.items.count, 3, "the size of a page that is not the last")
                seen += page.items.map(\.id)
                query.before = seen.last
                page = try await data.store.runs.list(query)
            }
            seen += page.items.map(\.id)
            try expectEqual(seen, runs.map(\.id).reversed(), "the pages")
        },
        ContractCase("runs are listed by status, by task and by tenant") { data in
            let task = try await data.task(.fixture(name: "one"))
            let other = try await data.task(.fixture(name: "two"))
            let runs = try await data.runs(2, of: task)
            let others = try await data.runs(1, of: other)
            let worker = try await data.worker(slots: 1)
            let started = try await data.start(on: worker)
            _ = try await data.store.runs.settle(started.map { data.outcome(.success, of: $0.attempt, on: worker) })
            let byTask = try await data.store.runs.list(TaskRunQuery(task: task.id)).items.map(\.id)
            try expectEqual(byTask, [runs[1].id, runs[0].id], "the runs of a task")
            let completed = try await data.store.runs.list(TaskRunQuery(status: .completed)).items.map(\.id)
            try expectEqual(completed, [runs[0].id], "the completed runs")
            let pending = try await data.store.runs.list(TaskRunQuery(status: .pending)).items.map(\.id)
            try expectEqual(pending, [others[0].id, runs[1].id], "the pending runs")
            let both = try await data.store.runs.list(TaskRunQuery(task: other.id, status: .completed)).items
            try expect(both.isEmpty, "status and task are not both looked at")
            let elsewhere = try await data.store.runs.list(TaskRunQuery(tenant: TenantID("other"))).items
            try expect(elsewhere.isEmpty, "another tenant lists the runs")
            let found = try await data.store.runs.find([runs[0].id, runs[1].id], tenant: TenantID("other"))
            try expect(found.isEmpty, "another tenant finds the runs")
        },
        ContractCase("runs are found by id, live or ended, each once; unknown ones are absent") { data in
            let task = try await data.task()
            let runs = try await data.runs(2, of: task)
            let ids = runs.map(\.id) + [runs[0].id, .next(at: data.clock.now)]
            let found = try await data.store.runs.find(ids, tenant: .default)
            try expectEqual(found.count, 2, "the number of runs")
            try expectEqual(Set(found), Set(runs), "the runs")
            try expect(try await data.store.runs.find([], tenant: .default).isEmpty, "no id finds a run")
        },
    ]
}

extension Result<[TaskRun], SchedulerError> {
    /// The code of a refusal; nil for a success.
    fileprivate var code: SchedulerError.Code? {
        if case .failure(let error) = self { error.code } else { nil }
    }

    fileprivate var message: String {
        if case .failure(let error) = self { error.message } else { "" }
    }

    /// The ids of the runs; nil for a refusal.
    fileprivate var ids: [RunID]? {
        if case .success(let runs) = self { runs.map(\.id) } else { nil }
    }
}
