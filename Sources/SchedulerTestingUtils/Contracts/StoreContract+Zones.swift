import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    static let zoneCases: [ContractCase] = [
        ContractCase("which release of the time zones fire times follow is unknown at first and then kept") { data in
            let settings = data.store.zoneSettings
            try expectEqual(try await settings.zoneProgress(), nil, "the progress at first")
            let term = try await data.term()
            let half = ZoneProgress(version: "2026a", last: TaskID(7))
            try expectEqual(try await settings.move([], progress: half, term: term), [], "what was moved")
            try expectEqual(try await settings.zoneProgress(), half, "the progress")
            let whole = ZoneProgress(version: "2026b", completedAt: data.clock.now)
            _ = try await settings.move([], progress: whole, term: term)
            try expectEqual(try await settings.zoneProgress(), whole, "the progress of a whole pass")
            let confirmed = ZoneProgress(version: "2026b", completedAt: data.clock.now, isConfirmed: true)
            _ = try await settings.move([], progress: confirmed, term: term)
            try expectEqual(try await settings.zoneProgress(), confirmed, "the progress at last")
        },
        ContractCase("the tasks that fire in the future are read by id, without those that are due or never fire") {
            data in
            let later = data.clock.now.advanced(by: .seconds(60))
            let first = try await data.task(.fixture(name: "first"), next: later)
            _ = try await data.task(.fixture(name: "due"), next: data.clock.now)
            _ = try await data.task(.fixture(name: "by hand"))
            _ = try await data.task(.fixture(name: "created"), status: .created, next: later)
            let deleted = try await data.task(.fixture(name: "deleted"), next: later)
            _ = try await data.store.tasks.delete([deleted.id], tenant: .default)
            let second = try await data.task(.fixture(name: "second"), next: later.advanced(by: .seconds(-1)))
            let settings = data.store.zoneSettings
            let all = try await settings.upcoming(after: nil, limit: 10)
            try expectEqual(all.now, data.clock.now, "the store's time")
            try expectEqual(all.tasks, [first, second], "the tasks")
            try expectEqual(try await settings.upcoming(after: nil, limit: 1).tasks, [first], "the first batch")
            try expectEqual(try await settings.upcoming(after: first.id, limit: 9).tasks, [second], "the rest")
        },
        ContractCase("with the tasks comes the last fire time of each in the ledger, the end of a series") { data in
            let start = data.clock.now
            let fired = try await data.task(.fixture(name: "fired"), next: start)
            let skipped = try await data.task(.fixture(name: "skipped"), next: start)
            _ = try await data.task(.fixture(name: "new"), next: start.advanced(by: .seconds(60)))
            let minutes = (0...2).map { start.advanced(by: .seconds(60 * $0)) }
            _ = try await data.store.tasks.fire([data.decision(for: fired, next: minutes[2])])
            let series = SkippedFires(first: minutes[0], last: minutes[1], reason: .misfire)
            let later = minutes[2].advanced(by: .seconds(60))
            _ = try await data.store.tasks.fire([
                FireDecision(
                    task: skipped.id, tenant: skipped.tenant, version: 1, from: start, skips: [series], next: later)
            ])
            try expectEqual(
                try await data.store.zoneSettings.upcoming(after: nil, limit: 10).decided,
                [fired.id: minutes[0], skipped.id: minutes[1]], "the last decided fire times")
        },
        ContractCase("a fire time that has passed by the new rules is due at once") { data in
            let task = try await data.task(next: data.clock.now.advanced(by: .seconds(60)))
            let passed = data.clock.now.advanced(by: .seconds(-60))
            let moved = try await data.store.zoneSettings.move(
                [data.move(task, to: passed)], progress: ZoneProgress(version: "2026b"), term: try await data.term())
            try expectEqual(moved, [task.id], "what was moved")
            try expectEqual(try await data.store.tasks.due(limit: 1).entries.map(\.task.id), [task.id], "what is due")
        },
        ContractCase("a fire time moves, and one that never comes again ends its task") { data in
            let next = data.clock.now.advanced(by: .seconds(60))
            let moving = try await data.task(.fixture(name: "moving"), next: next)
            let ending = try await data.task(.fixture(name: "ending"), next: next)
            let term = try await data.term()
            let to = data.clock.now.advanced(by: .seconds(3_660))
            let progress = ZoneProgress(version: "2026b", completedAt: data.clock.now)
            let moved = try await data.store.zoneSettings.move(
                [data.move(moving, to: to), data.move(ending, to: nil)], progress: progress, term: term)
            try expectEqual(moved, [moving.id, ending.id], "what was moved")
            let stored = try await data.task(moving.id)
            try expectEqual(stored.nextRunAt, to, "the fire time")
            try expectEqual(stored.version, 1, "the version")
            try expectEqual(stored.status, .active, "the status")
            let ended = try await data.task(ending.id)
            try expectEqual(ended.nextRunAt, nil, "the fire time of the ended one")
            try expectEqual(ended.status, .inactive, "the status of the ended one")
        },
        ContractCase("what was edited, fired, deleted or came due since it was read does not move") { data in
            let soon = data.clock.now.advanced(by: .seconds(10))
            let later = data.clock.now.advanced(by: .seconds(60))
            let edited = try await data.task(.fixture(name: "edited"), next: later)
            let fired = try await data.task(.fixture(name: "fired"), next: data.clock.now)
            let deleted = try await data.task(.fixture(name: "deleted"), next: later)
            let due = try await data.task(.fixture(name: "due"), next: soon)
            var new = edited
            new.spec.description = "edited"
            _ = try await data.store.tasks.save([TaskEdit(task: new)], replacing: [edited])
            _ = try await data.store.tasks.fire([data.decision(for: fired, next: later)])
            _ = try await data.store.tasks.delete([deleted.id], tenant: .default)
            data.clock.advance(by: .seconds(10))
            let to = later.advanced(by: .seconds(3_600))
            let moved = try await data.store.zoneSettings.move(
                [edited, fired, deleted, due].map { data.move($0, to: to) }, progress: ZoneProgress(version: "2026b"),
                term: try await data.term())
            try expectEqual(moved, [], "what was moved")
            try expectEqual(try await data.task(edited.id).nextRunAt, later, "the fire time of the edited one")
            try expectEqual(try await data.task(fired.id).nextRunAt, later, "the fire time of the fired one")
            try expectEqual(try await data.task(due.id).nextRunAt, soon, "the fire time of the due one")
            try expectEqual(
                try await data.store.zoneSettings.zoneProgress(), ZoneProgress(version: "2026b"), "the progress")
        },
        ContractCase("a deposed leader moves no fire time and records no progress") { data in
            let task = try await data.task(next: data.clock.now.advanced(by: .seconds(60)))
            let old = try await data.term()
            data.clock.advance(by: .seconds(30))
            _ = try await data.store.locks.acquire("leader", owner: "successor", timeToLive: .seconds(10))
            try await expectError(.lockLost, "the move of a deposed leader") {
                _ = try await data.store.zoneSettings.move(
                    [data.move(task, to: nil)], progress: ZoneProgress(version: "2026b"), term: old)
            }
            try expectEqual(try await data.task(task.id), task, "the task")
            try expectEqual(try await data.store.zoneSettings.zoneProgress(), nil, "the progress")
        },
    ]
}

extension TestDataFactory {
    /// A move of the task as it was read.
    fileprivate func move(_ task: TaskDefinition, to next: UTCInstant?) -> FireTimeMove {
        FireTimeMove(task: task.id, version: task.version, from: task.nextRunAt ?? clock.now, to: next)
    }
}
