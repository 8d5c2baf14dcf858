import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    static let deadLetterCases: [ContractCase] = [
        ContractCase("a parked message is kept once, however often a copy of it comes, and others beside it") { data in
            let letters = data.store.deadLetters
            let first = ParkedLetter(queue: "status", reason: "malformed", body: Array("{".utf8))
            let copy = ParkedLetter(queue: "status", reason: "in other words", body: Array("{".utf8))
            let elsewhere = ParkedLetter(queue: "task.shell", reason: "malformed", body: Array("{".utf8))
            try expectEqual(try await letters.add([first, copy]), 1, "how many are new")
            try expectEqual(try await letters.add([copy, elsewhere]), 1, "how many are new then")
            try expectEqual(try await letters.add([first]), 0, "how many are new at last")
            try expectEqual(try await letters.add([]), 0, "how many of none are new")
            let kept = try await letters.deadLetters(before: nil, limit: 9).items
            try expectEqual(kept.map(\.queue), ["task.shell", "status"], "the queues, newest first")
            try expectEqual(kept.map(\.reason), ["malformed", "malformed"], "the reasons")
            try expectEqual(kept.map(\.createdAt), [data.clock.now, data.clock.now], "the times")
        },
        ContractCase("any bytes can be kept: the beginning of a body, made readable, and how long it was") { data in
            let letters = data.store.deadLetters
            let bytes: [UInt8] = [0x7B, 0, 0xFF, 0xC3, 0x28]
            let long = [UInt8](repeating: 0x78, count: 5 << 20)
            let all = [
                ParkedLetter(queue: "a\0b", reason: "r\0", body: bytes), ParkedLetter(queue: "", reason: "", body: []),
                ParkedLetter(queue: "q", reason: String(repeating: "ü", count: 5_000), body: long),
            ]
            for letter in all { _ = try await letters.add([letter]) }
            let kept = try await letters.deadLetters(before: nil, limit: 9).items
            try expectEqual(kept.map(\.bodyBytes), [5 << 20, 0, 5], "the lengths")
            try expectEqual(
                kept.map { $0.body?.utf8.count }.first, ParkedLetter.bodyLimit, "what is kept of the long one")
            try expectEqual(kept.last?.body, "{?\u{FFFD}\u{FFFD}(", "the unreadable one")
            try expectEqual(kept.last?.queue, "a?b", "its queue")
        },
        ContractCase("dead letters are read page by page, a quarantined run among them") { data in
            let letters = data.store.deadLetters
            let (_, _, attempt) = try await data.quarantined()
            for number in 1...4 {
                _ = try await letters.add([ParkedLetter(queue: "q", reason: "\(number)", body: [UInt8(number)])])
            }
            let first = try await letters.deadLetters(before: nil, limit: 3)
            try expectEqual(first.items.map(\.reason), ["4", "3", "2"], "the first page")
            try expect(first.hasMore, "the first page is the last")
            let second = try await letters.deadLetters(before: first.items.last?.id, limit: 3)
            try expectEqual(second.items.map(\.run), [nil, attempt.run], "the runs of the second page")
            try expect(second.items.last?.reason.hasPrefix("QUARANTINED") == true, "the reason of the quarantine")
            try expectEqual(second.items.last?.tenant, .default, "its tenant")
            try expect(!second.hasMore, "the second page is not the last")
            try expectEqual(try await letters.countDeadLetters(), 5, "their number")
        },
        ContractCase("old dead letters are deleted, and the oldest of too many, in steps") { data in
            let letters = data.store.deadLetters
            for number in 1...6 {
                _ = try await letters.add([ParkedLetter(queue: "q", reason: "\(number)", body: [UInt8(number)])])
                data.clock.advance(by: .seconds(10))
            }
            func delete(_ age: Int, keeping most: Int, limit: Int) async throws -> Int {
                try await letters.deleteDeadLetters(olderThan: .seconds(age), keeping: most, limit: limit)
            }
            try expectEqual(try await delete(55, keeping: 10, limit: 10), 1, "what is too old")
            try expectEqual(try await delete(1_000, keeping: 2, limit: 2), 2, "the first step of what is too much")
            try expectEqual(try await delete(1_000, keeping: 2, limit: 2), 1, "the second step")
            try expectEqual(try await delete(1_000, keeping: 2, limit: 2), 0, "the third step")
            let left = try await letters.deadLetters(before: nil, limit: 9).items.map(\.reason)
            try expectEqual(left, ["6", "5"], "what is left")
        },
    ]
}

extension TestDataFactory {
    /// A run that has taken three workers down.
    fileprivate func quarantined() async throws -> (task: TaskDefinition, worker: WorkerInfo, attempt: RunAttempt) {
        var (task, worker, attempt) = try await started()
        _ = try await lose(worker)
        for _ in 1..<RunJudge.crashLimit {
            worker = try await self.worker()
            attempt = try require(try await start(on: worker).first, "the next attempt").attempt
            _ = try await lose(worker)
        }
        return (task, worker, attempt)
    }
}
