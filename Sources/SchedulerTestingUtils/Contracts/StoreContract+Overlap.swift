import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    static let overlapCases: [ContractCase] = [
        ContractCase(
            "a task's load is its waiting scheduled runs and what is dispatched or runs, but not on a lost worker"
        ) {
            data in
            let task = try await data.task(next: data.clock.now)
            let worker = try await data.worker(slots: 2)
            _ = try await data.runs(2, of: task)
            _ = try await data.start(on: worker, limit: 1)
            _ = try await data.store.runs.pick(limit: 1)
            _ = try await data.runs(1, of: task)
            let next = data.clock.now.advanced(by: .microseconds(1))
            _ = try await data.store.tasks.fire([data.decision(for: task, next: next)])
            data.clock.advance(by: .seconds(1))
            let load = TaskLoad(waiting: 1, active: 2)
            try expectEqual(try await data.store.tasks.load(of: task.id), load, "the load")
            try expectEqual(try await data.store.tasks.due(limit: 1).entries.map(\.load), [load], "the load when due")
            try await data.store.workers.leave(worker.id)
            let lost = TaskLoad(waiting: 1, active: 1)
            try expectEqual(try await data.store.tasks.load(of: task.id), lost, "the load without the lost worker")
            try expectEqual(try await data.store.tasks.due(limit: 1).entries.map(\.load), [lost], "the same when due")
            try expectEqual(try await data.store.tasks.load(of: TaskID(987_654_321)), .none, "a load of no task")
        },
        ContractCase("a fire that keeps none ends what has not started and asks what runs to end") { data in
            let task = try await data.task(next: data.clock.now)
            let other = try await data.task(.fixture(name: "other"))
            let worker = try await data.worker(slots: 3)
            let runs = try await data.runs(2, of: task)
            let bystander = try await data.runs(1, of: other)[0]
            let running = try await data.start(on: worker, limit: 1)[0]
            let dispatched = try await data.store.runs.pick(limit: 1).runs[0].attempt.run
            let manual = try await data.runs(1, of: task)[0]
            var first = data.decision(for: task, next: data.clock.now.advanced(by: .seconds(1)))
            first.keepAtMost = 2
            _ = try await data.store.tasks.fire([first])
            try expectEqual(try await data.run(running.attempt.run).cancelRequestedAt, nil, "the first request")
            data.clock.advance(by: .seconds(1))
            var second = data.decision(for: try await data.task(task.id), next: nil)
            second.keepAtMost = 0
            _ = try await data.store.tasks.fire([second])
            try expectEqual(Set([running.attempt.run, dispatched]), Set(runs.map(\.id)), "what was under way")
            let told = try await data.run(running.attempt.run)
            try expectEqual(told.status, .running, "the running one")
            try expectEqual(told.cancelRequestedAt, data.clock.now, "when it was asked to end")
            for id in [dispatched, first.runs[0].id] {
                let ended = try await data.run(id)
                try expectEqual(ended.status, .cancelled, "one that had not started")
                try expectEqual(ended.completedAt, data.clock.now, "when it ended")
                try expectEqual(ended.errorMessage, second.displacement, "why it ended")
            }
            try expect(second.displacement.contains(second.from.description), "the reason does not name the fire time")
            for id in [manual.id, bystander.id, second.runs[0].id] {
                try expectEqual(
                    try await data.run(id).status, .pending, "what waits by hand, of another task, or is new")
            }
            let beat = Heartbeat(worker: worker.id, status: .online, currentTaskCount: 1, held: [running.attempt])
            let answer = try await data.store.workers.beat(beat)
            try expectEqual(answer.cancelRequested, [running.attempt], "what the worker is told")
        },
        ContractCase("a fire keeps the latest of the live runs that it may keep") { data in
            let start = data.clock.now
            var task = try await data.task(next: start)
            var ids: [RunID] = []
            for second in 0..<4 {
                var decision = data.decision(for: task, next: start.advanced(by: .seconds(second + 1)))
                decision.keepAtMost = second == 3 ? 1 : nil
                _ = try await data.store.tasks.fire([decision])
                ids.append(decision.runs[0].id)
                task = try await data.task(task.id)
            }
            var states: [TaskRunStatus] = []
            for id in ids { states.append(try await data.run(id).status) }
            try expectEqual(states, [.cancelled, .cancelled, .pending, .pending], "the states")
        },
        ContractCase("a fire that does not count cancels nothing") { data in
            let task = try await data.task(next: data.clock.now)
            let worker = try await data.worker()
            _ = try await data.runs(1, of: task)
            let running = try await data.start(on: worker)[0]
            var late = data.decision(for: task, next: nil)
            late.from = data.clock.now.advanced(by: .seconds(-1))
            late.keepAtMost = 0
            try expectEqual(try await data.store.tasks.fire([late]), [], "what counted")
            try expectEqual(try await data.run(running.attempt.run).cancelRequestedAt, nil, "the request")
        },
    ]

    static let cancelCases: [ContractCase] = [
        ContractCase("cancelling ends what has not started, asks what runs, and says of the rest that it had ended") {
            data in
            let task = try await data.task()
            let worker = try await data.worker(slots: 3)
            let runs = try await data.runs(4, of: task)
            let started = try await data.start(on: worker, limit: 2)
            _ = try await data.store.runs.settle([data.outcome(.success, of: started[0].attempt, on: worker)])
            _ = try await data.store.runs.pick(limit: 1)
            data.clock.advance(by: .seconds(1))
            let all = runs.map(\.id) + [.next(at: data.clock.now)]
            let results = try await data.store.runs.cancel(.runs(all), tenant: .default, reason: "not needed")
            try expectEqual(
                runs.map { results[$0.id] }, [.alreadyEnded, .requested(on: worker.id), .ended, .ended], "the results")
            try expectEqual(results.count, 4, "the number of results")
            let ended = try await data.run(runs[3].id)
            try expectEqual(ended.status, .cancelled, "the status")
            try expectEqual(ended.errorMessage, "not needed", "the reason")
            try expectEqual(
                [ended.completedAt, ended.cancelRequestedAt], [data.clock.now, data.clock.now], "the times")
            let asked = try await data.run(runs[1].id)
            try expectEqual(asked.status, .running, "the running one")
            try expectEqual(asked.cancelRequestedAt, data.clock.now, "when it was asked")
            let gone = try await data.store.runs.claim(
                RunClaim(worker: worker.id, take: [RunAttempt(run: runs[2].id, attempt: 1)]))
            try expect(gone.isEmpty, "a cancelled run is claimed")
        },
        ContractCase("cancelling again changes nothing, and another tenant's runs are not there") { data in
            let task = try await data.task()
            let worker = try await data.worker(slots: 1)
            let runs = try await data.runs(2, of: task)
            _ = try await data.start(on: worker)
            let ids = runs.map(\.id)
            let foreign = try await data.store.runs.cancel(.runs(ids), tenant: TenantID("other"), reason: "mine")
            try expect(foreign.isEmpty, "another tenant cancels")
            _ = try await data.store.runs.cancel(.runs(ids), tenant: .default, reason: "first")
            var before: [TaskRun] = []
            for id in ids { before.append(try await data.run(id)) }
            data.clock.advance(by: .seconds(1))
            let results = try await data.store.runs.cancel(.runs(ids), tenant: .default, reason: "second")
            try expectEqual(ids.map { results[$0] }, [.requested(on: worker.id), .alreadyEnded], "the second results")
            let asked = try await data.run(ids[0])
            try expectEqual(asked.cancelRequestedAt, before[0].cancelRequestedAt, "when it was asked")
            try expectEqual(try await data.run(ids[1]), before[1], "the ended one")
        },
        ContractCase("a run that was asked to end and fails or is lost ends as cancelled, and a success wins") { data in
            let task = try await data.task()
            let worker = try await data.worker(slots: 2)
            let ids = try await data.runs(2, of: task).map(\.id)
            let started = try await data.start(on: worker)
            _ = try await data.store.runs.cancel(.runs(ids), tenant: .default, reason: "stop")
            let settled = try await data.store.runs.settle([
                data.outcome(.failure(.system), of: started[0].attempt, on: worker),
                data.outcome(.success, of: started[1].attempt, on: worker),
            ])
            try expectEqual(settled, [.ended(.cancelled), .ended(.completed)], "the settlements")
        },
        ContractCase("max_executions holds where what fires also ends a run that the last execution could follow") {
            data in
            let upstream = try await data.task(.fixture(name: "upstream"), next: data.clock.now)
            var spec = TaskSpec.fixture(
                name: "dependent", dependencies: [TaskDependency(on: upstream.id, .onCompletion)])
            spec.maxExecutions = 1
            let dependent = try await data.task(spec, next: data.clock.now.advanced(by: .seconds(1)))
            let first = data.decision(for: upstream, next: data.clock.now.advanced(by: .seconds(1)))
            _ = try await data.store.tasks.fire([first])
            data.clock.advance(by: .seconds(1))
            var second = data.decision(for: try await data.task(upstream.id), next: nil)
            second.keepAtMost = 0
            let last = data.decision(for: dependent, next: nil, endsTask: true)
            _ = try await data.store.tasks.fire([second, last], waits: true)
            try expectEqual(try await data.run(first.runs[0].id).status, .cancelled, "the run that made room")
            try expectEqual(try await data.task(dependent.id).executionCount, 1, "the execution count")
            // Whether the fire or the end comes first is the store's choice.
            let runs = try await data.store.runs.list(TaskRunQuery(task: dependent.id)).items
            try expectEqual(runs.filter { $0.status == .pending }.count, 1, "the last run")
        },
        ContractCase("a workflow is cancelled as a whole, and nothing beside it") { data in
            let task = try await data.task()
            let workflow = RunID.next(at: data.clock.now)
            let inside = (0..<3).map { _ in
                var run = data.newRun(of: task)
                run.workflow = workflow
                return run
            }
            let outside = data.newRun(of: task)
            _ = try await data.store.runs.enqueue([inside + [outside]])
            try expectEqual(try await data.run(inside[0].id).workflow, workflow, "the run's workflow")
            let results = try await data.store.runs.cancel(.workflow(workflow), tenant: .default, reason: "stop")
            try expectEqual(results, Dictionary(uniqueKeysWithValues: inside.map { ($0.id, .ended) }), "the results")
            try expectEqual(try await data.run(outside.id).status, .pending, "a run outside")
            try expectEqual(try await data.run(inside[0].id).workflow, workflow, "the ended run's workflow")
            let again = try await data.store.runs.cancel(.workflow(workflow), tenant: .default, reason: "stop")
            try expect(again.isEmpty, "a workflow without live runs has results")
        },
        ContractCase("a run planned ahead waits for its time and is not yet the task's latest") { data in
            let task = try await data.task()
            _ = try await data.worker()
            let later = data.clock.now.advanced(by: .seconds(60))
            let run = data.newRun(of: task, dueAt: later)
            _ = try await data.store.runs.enqueue([[run]])
            try expectEqual(try await data.run(run.id).scheduledAt, later, "the fire time")
            try expectEqual(try await data.task(task.id).lastRunAt, data.clock.now, "the latest fire time")
            let pick = try await data.store.runs.pick(limit: 1)
            try expect(pick.runs.isEmpty, "a run is picked before its time")
            try expectEqual(pick.nextDueIn, .seconds(60), "how long until it is due")
            data.clock.advance(by: .seconds(60))
            try expectEqual(
                try await data.store.runs.pick(limit: 1).runs.map(\.attempt.run), [run.id], "what is picked")
        },
    ]
}
