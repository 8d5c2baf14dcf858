import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    static let fireSeriesCases: [ContractCase] = [
        ContractCase("consecutive skips of one reason and version are one line, however many decisions they took") {
            data in
            let start = data.clock.now
            var task = try await data.task(next: start)
            for second in 0..<4 {
                data.clock.advance(by: .seconds(1))
                let skip = start.skips(second...second, .overlap)
                try await data.fire(task, skips: [skip], next: start.advanced(by: .seconds(second + 1)))
                task = try await data.task(task.id)
            }
            let line = FireRecord(
                task: task.id, version: 1, scheduledAt: start, lastScheduledAt: start.advanced(by: .seconds(3)),
                skipped: .overlap, decidedAt: data.clock.now)
            try expectEqual(try await data.ledger(of: task), [line], "the ledger")
        },
        ContractCase("another reason, another version or a run begins another line") { data in
            let start = data.clock.now
            var task = try await data.task(next: start)
            try await data.fire(task, skips: [start.skips(0...0, .overlap)], next: start.advanced(by: .seconds(1)))
            task = try await data.task(task.id)
            try await data.fire(task, skips: [start.skips(1...2, .misfire)], next: start.advanced(by: .seconds(3)))
            task = try await data.task(task.id)
            var edited = task
            edited.spec.command = "other"
            task = try await data.store.tasks.save([TaskEdit(task: edited)], replacing: [task])[0]
            try await data.fire(task, skips: [start.skips(3...3, .misfire)], next: start.advanced(by: .seconds(4)))
            task = try await data.task(task.id)
            // It begins with a run, so its skips are lines of their own.
            var decision = data.decision(for: task, next: start.advanced(by: .seconds(6)))
            decision.skips = [start.skips(5...5, .misfire)]
            try expectEqual(try await data.store.tasks.fire([decision]), [task.id], "what counted")
            let lines = try await data.ledger(of: task)
            try expectEqual(
                lines.map { start.duration(to: $0.scheduledAt).milliseconds / 1_000 }, [0, 1, 3, 4, 5], "firsts")
            try expectEqual(lines.map(\.skipped), [.overlap, .misfire, .misfire, nil, .misfire], "the reasons")
            try expectEqual(lines.map(\.version), [1, 1, 2, 2, 2], "the versions")
        },
        ContractCase("a series whose first fire time stands in the ledger is not lost") { data in
            let start = data.clock.now
            var task = try await data.task(next: start)
            // The next fire time goes back, as an edit back and forth or a clock that was set back may lead to.
            func goBack(to second: Int) async throws {
                let read = try await data.task(task.id)
                var edited = read
                edited.nextRunAt = start.advanced(by: .seconds(second))
                task = try await data.store.tasks.save([TaskEdit(task: edited)], replacing: [read])[0]
            }
            try await data.fire(task, skips: [start.skips(0...1, .misfire)], next: start.advanced(by: .seconds(2)))
            try await goBack(to: 0)
            try await data.fire(task, skips: [start.skips(0...5, .misfire)], next: start.advanced(by: .seconds(6)))
            let ends = try await data.ledger(of: task).map(\.lastScheduledAt)
            try expectEqual(ends, [start.advanced(by: .seconds(5))], "the end of the one series")
            try await goBack(to: 0)
            try await data.fire(task, skips: [start.skips(0...3, .misfire)], next: start.advanced(by: .seconds(6)))
            try expectEqual(try await data.ledger(of: task).map(\.lastScheduledAt), ends, "the end after a shorter one")
            task = try await data.task(task.id)
            _ = try await data.store.tasks.fire([data.decision(for: task, next: start.advanced(by: .seconds(7)))])
            try await goBack(to: 6)
            try await data.fire(task, skips: [start.skips(6...9, .misfire)], next: nil)
            let lines = try await data.ledger(of: task)
            try expectEqual(lines.map(\.skipped), [.misfire, nil, .misfire], "the lines")
            try expectEqual(lines.last?.lastScheduledAt, start.advanced(by: .seconds(9)), "the end of the rest")
            try expect(lines[2].scheduledAt > lines[1].scheduledAt, "the rest begins with the line before it")
        },
        ContractCase("several tasks go their series on in one call") { data in
            let start = data.clock.now
            var tasks = [
                try await data.task(.fixture(name: "a"), next: start),
                try await data.task(.fixture(name: "b"), next: start),
            ]
            for second in 0..<3 {
                let next = start.advanced(by: .seconds(second + 1))
                let decisions = tasks.map { task in
                    FireDecision(
                        task: task.id, tenant: task.tenant, version: 1, from: start.advanced(by: .seconds(second)),
                        skips: [start.skips(second...second, .misfire)], next: next)
                }
                try expectEqual(try await data.store.tasks.fire(decisions).count, 2, "what counted")
            }
            tasks.reverse()
            for task in tasks {
                let lines = try await data.ledger(of: task)
                try expectEqual(lines.map(\.lastScheduledAt), [start.advanced(by: .seconds(2))], "the series")
            }
        },
        ContractCase("a series that began before the range is read with it") { data in
            let start = data.clock.now
            let task = try await data.task(next: start)
            try await data.fire(task, skips: [start.skips(0...9, .misfire)], next: start.advanced(by: .seconds(10)))
            let inside = start.advanced(by: .seconds(5))..<start.advanced(by: .seconds(6))
            let lines = try await data.store.tasks.fires(of: task.id, in: inside, limit: 10)
            try expectEqual(lines.map(\.scheduledAt), [start], "the series")
            let after = start.advanced(by: .seconds(10))..<start.advanced(by: .seconds(20))
            try expect(
                try await data.store.tasks.fires(of: task.id, in: after, limit: 10).isEmpty,
                "a series is read beyond its end"
            )
        },
        ContractCase("what a pause left out comes into the ledger with the edit that ends it, by the old version") {
            data in
            let start = data.clock.now
            let paused = try await data.task(status: .paused)
            try expectEqual(paused.pausedAt, start, "when the pause began")
            data.clock.advance(by: .seconds(60))
            var resumed = paused
            resumed.status = .active
            resumed.pausedAt = nil
            resumed.spec.command = "other"
            let edit = TaskEdit(task: resumed, missed: start.skips(10...50, .paused))
            let saved = try await data.store.tasks.save([edit], replacing: [paused])
            try expectEqual(saved.map(\.pausedAt), [nil], "the pause")
            let line = FireRecord(
                task: paused.id, version: 1, scheduledAt: start.advanced(by: .seconds(10)),
                lastScheduledAt: start.advanced(by: .seconds(50)), skipped: .paused, decidedAt: data.clock.now)
            try expectEqual(try await data.ledger(of: paused), [line], "the ledger")
            try await expectError(.conflict, "the same edit again") {
                _ = try await data.store.tasks.save([edit], replacing: [paused])
            }
        },
        ContractCase("when a pause began is kept with the task") { data in
            let task = try await data.task()
            try expectEqual(task.pausedAt, nil, "the pause of an active task")
            var paused = task
            paused.status = .paused
            paused.pausedAt = data.clock.now.advanced(by: .seconds(-1))
            _ = try await data.store.tasks.save([TaskEdit(task: paused)], replacing: [task])
            try expectEqual(try await data.task(task.id).pausedAt, paused.pausedAt, "when the pause began")
            try expectEqual(
                try await data.store.tasks.list(TaskQuery(status: .paused)).items.map(\.pausedAt), [paused.pausedAt],
                "when the listed pause began")
        },
    ]
}

extension UTCInstant {
    /// A skipped series of the seconds after this instant.
    func skips(_ seconds: ClosedRange<Int>, _ reason: SkippedFires.Reason) -> SkippedFires {
        SkippedFires(
            first: advanced(by: .seconds(seconds.lowerBound)), last: advanced(by: .seconds(seconds.upperBound)),
            reason: reason)
    }
}

extension TestDataFactory {
    /// Decides a task's fire times without a run.
    func fire(_ task: TaskDefinition, skips: [SkippedFires], next: UTCInstant?) async throws {
        let decision = FireDecision(
            task: task.id, tenant: task.tenant, version: task.version, from: task.nextRunAt ?? clock.now, skips: skips,
            next: next)
        try expectEqual(try await store.tasks.fire([decision]), [task.id], "what counted")
    }
}
