import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    static let dueCases: [ContractCase] = [
        ContractCase("active tasks whose fire time has come are due, earliest first, with the time of the next one") {
            data in
            let now = data.clock.now
            let later = now.advanced(by: .seconds(10))
            let second = try await data.task(.fixture(name: "second"), next: now)
            let first = try await data.task(.fixture(name: "first"), next: now.advanced(by: .seconds(-1)))
            _ = try await data.task(.fixture(name: "future"), next: later)
            _ = try await data.task(.fixture(name: "by hand"))
            _ = try await data.task(.fixture(name: "paused"), status: .paused, next: now)
            _ = try await data.task(.fixture(name: "draft"), status: .created, next: now)
            let due = try await data.store.tasks.due(limit: 10)
            try expectEqual(due.entries.map(\.task), [first, second], "what is due")
            try expectEqual(due.nextFireAt, later, "the next fire time")
            try expectEqual(due.now, now, "the store's time")
            let one = try await data.store.tasks.due(limit: 1)
            try expectEqual(one.entries.map(\.task.id), [first.id], "what is due, at most one")
            try expectEqual(one.nextFireAt, now, "the next fire time beyond the limit")
            data.clock.advance(by: .seconds(10))
            try expectEqual(try await data.store.tasks.due(limit: 10).entries.count, 3, "what is due later")
        },
        ContractCase("tasks that are left out hide none of those that are due behind them") { data in
            let now = data.clock.now
            let first = try await data.task(.fixture(name: "first"), next: now.advanced(by: .seconds(-1)))
            let second = try await data.task(.fixture(name: "second"), next: now)
            let third = try await data.task(.fixture(name: "third"), next: now.advanced(by: .seconds(1)))
            let due = try await data.store.tasks.due(limit: 1, except: [first.id, TaskID(987_654_321)])
            try expectEqual(due.entries.map(\.task.id), [second.id], "what is due")
            try expectEqual(due.nextFireAt, third.nextRunAt, "the next fire time")
            let none = try await data.store.tasks.due(limit: 1, except: [first.id, second.id, third.id])
            try expect(none.entries.isEmpty, "what is left out is due")
        },
        ContractCase("a due task counts its scheduled runs that wait, and no others") { data in
            let task = try await data.task(next: data.clock.now)
            let next = data.clock.now.advanced(by: .microseconds(1))
            _ = try await data.store.tasks.fire([data.decision(for: task, next: next)])
            _ = try await data.runs(3, of: task)
            data.clock.advance(by: .seconds(1))
            try expectEqual(
                try await data.store.tasks.due(limit: 1).entries.map(\.load), [TaskLoad(waiting: 1)], "what waits")
        },
    ]

    static let fireCases: [ContractCase] = [
        ContractCase("a fire makes its run, counts it, writes the ledger and moves the schedule on") { data in
            let task = try await data.task(.fixture(taskType: "shell", priority: .high), next: data.clock.now)
            let next = data.clock.now.advanced(by: .seconds(60))
            let decision = data.decision(for: task, next: next)
            data.clock.advance(by: .milliseconds(20))
            try expectEqual(try await data.store.tasks.fire([decision]), [task.id], "what counted")
            let after = try await data.task(task.id)
            try expectEqual(after.nextRunAt, next, "the next fire time")
            try expectEqual(after.executionCount, 1, "the execution count")
            try expectEqual(after.lastRunAt, task.nextRunAt, "the latest fire time")
            try expectEqual(after.status, .active, "the status")
            try expectEqual(after.version, 1, "the version")
            let run = try await data.run(decision.runs[0].id)
            try expectEqual(run.status, .pending, "the run's status")
            try expectEqual(run.trigger, .scheduled, "the run's trigger")
            try expectEqual(run.scheduledAt, decision.from, "the run's fire time")
            try expectEqual(run.dueAt, decision.from, "the run's due time")
            try expectEqual([run.taskType, run.priority.rawValue], ["shell", "high"], "the run's type and priority")
            let line = FireRecord(
                task: task.id, version: 1, scheduledAt: decision.from, run: run.id, decidedAt: data.clock.now)
            try expectEqual(try await data.ledger(of: task), [line], "the ledger")
        },
        ContractCase("of two decisions on one fire time exactly one counts, also at once") { data in
            let task = try await data.task(next: data.clock.now)
            let next = data.clock.now.advanced(by: .seconds(1))
            let decisions = (0..<4).map { _ in data.decision(for: task, next: next) }
            let winners = try await withThrowingTaskGroup(of: Set<TaskID>.self) { group in
                for decision in decisions {
                    group.addTask { try await data.store.tasks.fire([decision]) }
                }
                return try await group.reduce(into: [TaskID]()) { $0 += $1 }
            }
            try expectEqual(winners, [task.id], "the winners")
            try expectEqual(try await data.ledger(of: task).count, 1, "the lines of the ledger")
            try expectEqual(try await data.store.runs.list(TaskRunQuery()).items.count, 1, "the number of runs")
            try expectEqual(try await data.task(task.id).executionCount, 1, "the execution count")
        },
        ContractCase("a decision does not count for another version, another fire time or a task that is not active") {
            data in
            let now = data.clock.now
            let edited = try await data.task(.fixture(name: "edited"), next: now)
            var change = edited
            change.spec.command = "other"
            _ = try await data.store.tasks.save([TaskEdit(task: change)], replacing: [edited])
            let paused = try await data.task(.fixture(name: "paused"), status: .paused, next: now)
            let moved = try await data.task(.fixture(name: "moved"), next: now)
            var earlier = data.decision(for: moved, next: nil)
            earlier.from = now.advanced(by: .seconds(-1))
            let good = try await data.task(.fixture(name: "good"), next: now)
            let won = try await data.store.tasks.fire([
                data.decision(for: edited, next: nil), data.decision(for: paused, next: nil), earlier,
                data.decision(for: good, next: nil),
            ])
            try expectEqual(won, [good.id], "what counted")
            try expectEqual(try await data.store.runs.list(TaskRunQuery()).items.count, 1, "the number of runs")
        },
        ContractCase("a fire time that stands in the ledger makes no second run, and other tasks still fire") { data in
            let task = try await data.task(.fixture(name: "again"), next: data.clock.now)
            let other = try await data.task(.fixture(name: "other"), next: data.clock.now)
            let now = data.clock.now
            _ = try await data.store.tasks.fire([data.decision(for: task, next: now.advanced(by: .seconds(1)))])
            // As after the clock was set back: the schedule is computed anew and meets a decided fire time.
            let fired = try await data.task(task.id)
            var reset = fired
            reset.nextRunAt = now
            _ = try await data.store.tasks.save([TaskEdit(task: reset)], replacing: [fired])
            let next = now.advanced(by: .seconds(1))
            let won = try await data.store.tasks.fire([
                data.decision(for: reset, next: next), data.decision(for: other, next: next),
            ])
            try expectEqual(won, [task.id, other.id], "what counted")
            try expectEqual(try await data.ledger(of: task).count, 1, "the lines of the ledger")
            let runs = try await data.store.runs.list(TaskRunQuery(task: task.id)).items
            try expectEqual(runs.count, 1, "the number of runs")
        },
        ContractCase("max_executions is exact, also against triggers by hand") { data in
            let task = try await data.task(.fixture(maxExecutions: 2), next: data.clock.now)
            let next = data.clock.now.advanced(by: .seconds(1))
            _ = try await data.runs(1, of: task)
            var two = data.decision(for: task, next: next)
            two.runs += data.decision(for: task, next: next).runs.map { run in
                var run = run
                run.scheduledAt = next
                return run
            }
            try expectEqual(try await data.store.tasks.fire([two]), [], "a decision on one run too many")
            try expectEqual(try await data.ledger(of: task), [], "the ledger")
            let one = data.decision(for: task, next: nil, endsTask: true)
            try expectEqual(try await data.store.tasks.fire([one]), [task.id], "a decision on the last run")
            try expectEqual(try await data.task(task.id).status, .inactive, "the status")
            try expectEqual(try await data.task(task.id).executionCount, 2, "the execution count")
        },
        ContractCase("a decision that ends the task leaves it inactive without a fire time") { data in
            let task = try await data.task(next: data.clock.now)
            let end = FireDecision(
                task: task.id, tenant: task.tenant, version: 1, from: data.clock.now, next: nil, endsTask: true)
            try expectEqual(try await data.store.tasks.fire([end]), [task.id], "what counted")
            let after = try await data.task(task.id)
            try expectEqual(after.status, .inactive, "the status")
            try expectEqual(after.nextRunAt, nil, "the next fire time")
            try expect(try await data.store.tasks.due(limit: 1).entries.isEmpty, "an ended task is due")
        },
        ContractCase("skipped fire times are lines of the ledger, a series is one line") { data in
            let now = data.clock.now
            let start = now.advanced(by: .seconds(-100))
            let task = try await data.task(next: start)
            var decision = data.decision(for: task, next: now.advanced(by: .seconds(10)))
            decision.runs[0].scheduledAt = now
            let series = SkippedFires(first: start, last: now.advanced(by: .seconds(-20)), reason: .misfire)
            let single = SkippedFires(
                first: now.advanced(by: .seconds(-10)), last: now.advanced(by: .seconds(-10)), reason: .overlap)
            decision.skips = [series, single]
            _ = try await data.store.tasks.fire([decision])
            let lines = try await data.ledger(of: task)
            try expectEqual(lines.map(\.scheduledAt), [series.first, single.first, now], "the fire times")
            try expectEqual(lines.map(\.lastScheduledAt), [series.last, nil, nil], "the ends of the series")
            try expectEqual(lines.map(\.skipped), [.misfire, .overlap, nil], "the reasons")
            try expectEqual(lines.map(\.run), [nil, nil, decision.runs[0].id], "the runs")
        },
        ContractCase("the ledger is read by a range of fire times, earliest first") { data in
            var task = try await data.task(next: data.clock.now)
            let times = (0..<4).map { data.clock.now.advanced(by: .seconds($0)) }
            for index in 0..<3 {
                _ = try await data.store.tasks.fire([data.decision(for: task, next: times[index + 1])])
                task = try await data.task(task.id)
            }
            let range = times[1]..<times[3]
            let lines = try await data.store.tasks.fires(of: task.id, in: range, limit: 10)
            try expectEqual(lines.map(\.scheduledAt), Array(times[1...2]), "the fire times in the range")
            let one = try await data.store.tasks.fires(of: task.id, in: range, limit: 1)
            try expectEqual(one.map(\.scheduledAt), [times[1]], "the first one")
            let other = try await data.store.tasks.fires(of: TaskID(987_654_321), in: range, limit: 1)
            try expect(other.isEmpty, "another task has the lines")
        },
    ]
}
