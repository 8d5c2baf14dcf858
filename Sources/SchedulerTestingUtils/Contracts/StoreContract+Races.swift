import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    static let raceCases: [ContractCase] = [
        ContractCase("of several dispatchers that decide a series of fire times each fire is made once") { data in
            let start = data.clock.now
            let task = try await data.task(next: start)
            // Each dispatcher reads and decides on its own, and has read at another moment than the others.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        while let fire = try await data.task(task.id).nextRunAt, fire < start.advanced(by: .seconds(25))
                        {
                            let read = try await data.task(task.id)
                            let next = (read.nextRunAt ?? start).advanced(by: .seconds(1))
                            _ = try await data.store.tasks.fire([data.decision(for: read, next: next)])
                        }
                    }
                }
                try await group.waitForAll()
            }
            let after = try await data.task(task.id)
            let fires = try await data.ledger(of: task).map(\.scheduledAt)
            let runs = try await data.store.runs.list(TaskRunQuery(task: task.id, limit: 500)).items
            let beyond = start.duration(to: after.nextRunAt ?? start).milliseconds / 1_000
            try expect(beyond >= 25, "the schedule stopped after \(beyond) s")
            try expectEqual(fires, (0..<beyond).map { start.advanced(by: .seconds($0)) }, "the fire times")
            try expectEqual(Set(runs.map(\.scheduledAt)), Set(fires), "the fire times of the runs")
            try expectEqual(runs.count, fires.count, "the number of runs")
            try expectEqual(after.executionCount, Int64(fires.count), "the execution count")
        },
        ContractCase("a dispatcher that slept between reading and writing changes nothing") { data in
            let start = data.clock.now
            let task = try await data.task(.fixture(maxConcurrent: 1), next: start)
            var stale = data.decision(for: task, next: start.advanced(by: .seconds(1)))
            stale.skips = [start.skips(1...1, .overlap)]
            stale.keepAtMost = 0
            for second in 0..<60 {
                let read = try await data.task(task.id)
                let next = start.advanced(by: .seconds(second + 1))
                try expectEqual(
                    try await data.store.tasks.fire([data.decision(for: read, next: next)]), [task.id], "what counted")
            }
            data.clock.advance(by: .seconds(60))
            let (before, lines) = (try await data.task(task.id), try await data.ledger(of: task))
            let runs = try await data.store.runs.list(TaskRunQuery(task: task.id, limit: 500)).items
            try expectEqual(try await data.store.tasks.fire([stale]), [], "what the sleeper's decision counted")
            try expectEqual(try await data.task(task.id), before, "the task")
            try expectEqual(try await data.ledger(of: task), lines, "the ledger")
            try expectEqual(
                try await data.store.runs.list(TaskRunQuery(task: task.id, limit: 500)).items, runs, "the runs")
            try expectEqual(lines.count, 60, "the lines of the ledger")
        },
        ContractCase("a schedule edited while a dispatcher decides on the old one neither loses nor doubles a fire") {
            data in
            for isEditFirst in [true, false] {
                let start = data.clock.now
                let task = try await data.task(.fixture(name: "edit first: \(isEditFirst)"), next: start)
                let ticker = data.decision(for: task, next: start.advanced(by: .seconds(60)))
                let next = start.advanced(by: .seconds(30))
                if isEditFirst {
                    try await data.edit(task, next: next)
                    try expectEqual(try await data.store.tasks.fire([ticker]), [], "the ticker after the edit")
                } else {
                    try expectEqual(try await data.store.tasks.fire([ticker]), [task.id], "the ticker before the edit")
                    try await expectError(.conflict, "the edit of what was read before") {
                        try await data.edit(task, next: next)
                    }
                    try await data.edit(try await data.task(task.id), next: next, decides: false)
                }
                let edited = try await data.task(task.id)
                try expectEqual(edited.nextRunAt, next, "where the new schedule goes on")
                try expectEqual(try await data.ledger(of: task).map(\.scheduledAt), [start], "the fire times")
                try expectEqual(try await data.ledger(of: task).map(\.version), [1], "the version that fired")
                try expectEqual(edited.executionCount, 1, "the execution count")
            }
        },
        ContractCase("edits and dispatchers at once give each fire time one run") { data in
            let start = data.clock.now
            let task = try await data.task(next: start)
            let end = start.advanced(by: .seconds(15))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for dispatcher in 0..<4 {
                    group.addTask {
                        while true {
                            let read = try await data.task(task.id)
                            guard let fire = read.nextRunAt, fire < end else { return }
                            let next = fire.advanced(by: .seconds(1))
                            if dispatcher == 0 {
                                try await data.tryEdit(read, next: next)
                            } else {
                                _ = try await data.store.tasks.fire([data.decision(for: read, next: next)])
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let fires = try await data.ledger(of: task)
            let runs = try await data.store.runs.list(TaskRunQuery(task: task.id, limit: 500)).items
            let seconds = start.duration(to: try await data.task(task.id).nextRunAt ?? start).milliseconds / 1_000
            try expectEqual(
                fires.map(\.scheduledAt), (0..<seconds).map { start.advanced(by: .seconds($0)) }, "the fire times")
            try expectEqual(runs.map(\.scheduledAt).sorted(), fires.map(\.scheduledAt), "the runs' fire times")
            try expectEqual(
                Dictionary(uniqueKeysWithValues: runs.map { ($0.id, $0.taskVersion) }),
                Dictionary(uniqueKeysWithValues: fires.compactMap { line in line.run.map { ($0, line.version) } }),
                "the versions")
        },
        ContractCase("a fire beyond the last execution does not count, whoever was quicker") { data in
            let task = try await data.task(.fixture(maxExecutions: 3), next: data.clock.now)
            let decisions = (1...3).map { count in
                var decision = data.decision(for: task, next: data.clock.now.advanced(by: .seconds(count)))
                decision.runs = (0..<count).map { second in
                    NewRun(
                        id: .next(at: data.clock.now), task: task.id, trigger: .scheduled,
                        scheduledAt: data.clock.now.advanced(by: .seconds(second)))
                }
                return decision
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for decision in decisions { group.addTask { _ = try await data.store.tasks.fire([decision]) } }
                for _ in 0..<3 {
                    group.addTask { _ = try await data.store.runs.enqueue([[data.newRun(of: task)]]) }
                }
                try await group.waitForAll()
            }
            let after = try await data.task(task.id)
            let runs = try await data.store.runs.list(TaskRunQuery(task: task.id)).items
            try expect(after.executionCount <= 3, "more runs than max_executions")
            try expectEqual(Int64(runs.count), after.executionCount, "the number of runs")
            try expectEqual(
                try await data.ledger(of: task).compactMap(\.run).count, runs.count { $0.trigger == .scheduled },
                "the lines of the ledger")
        },
    ]
}

extension TestDataFactory {
    /// Edits a task, decides its next fire time with the edit where that has come, and goes on with another.
    fileprivate func edit(_ task: TaskDefinition, next: UTCInstant, decides: Bool = true) async throws {
        var edited = task
        edited.spec.command = "edited \(task.version)"
        edited.nextRunAt = next
        let edit = TaskEdit(task: edited, decided: decides ? decision(for: task, next: nil) : nil)
        _ = try await store.tasks.save([edit], replacing: [task])
    }

    /// As `edit`; somebody else may be quicker.
    fileprivate func tryEdit(_ task: TaskDefinition, next: UTCInstant) async throws {
        do {
            try await edit(task, next: next)
        } catch let error as SchedulerError where error.code == .conflict {
            return
        }
    }
}
