import SchedulerDomain
import SchedulerErrors

extension StoreContract {
    static let logCases: [ContractCase] = [
        ContractCase("the lines of an attempt are read in order, after a number and up to a limit") { data in
            let attempt = RunAttempt(run: .next(at: data.clock.now), attempt: 1)
            let lines = data.lines(10)
            let chunks = [lines[0..<4], lines[4..<5], lines[5..<10]].map { data.chunk(Array($0), of: attempt) }
            try await data.store.runLogs.append([chunks[2], chunks[0]])
            try await data.store.runLogs.append([chunks[1]])
            for after in 0...10 {
                for limit in 1...11 {
                    try expectEqual(
                        try await data.read(attempt, after: after, limit: limit),
                        Array(lines.dropFirst(after).prefix(limit)), "\(limit) lines after line \(after)")
                }
            }
            try expectEqual(try await data.read(attempt, after: 11, limit: 5), [], "what follows the end")
            try await data.store.runLogs.append([])
        },
        ContractCase("a line comes back as it was said: text, stream and time") { data in
            let attempt = RunAttempt(run: .next(at: data.clock.now), attempt: 3)
            let texts = [
                "", " ", "plain", "grüße 𝄞 \u{FFFD}", "tab\tcr\r\u{1}\u{1B}[0m", "o12 x", "a\nb\0c",
                String(repeating: "ü", count: 60_000),
            ]
            let lines = texts.enumerated().map { index, text in
                LogLine(
                    number: index + 1, time: data.clock.now.advanced(by: .microseconds(index * 1_500_001 - 7)),
                    stream: LogStream.allCases[index % 3], text: text)
            }
            try expectEqual(lines[6].text, "a\u{FFFD}b\u{FFFD}c", "a text with a line feed and NUL")
            try await data.store.runLogs.append([data.chunk(lines, of: attempt)])
            try expectEqual(try await data.read(attempt), lines, "the lines")
            // The clock of a worker may be set back.
            let earlier = [4, -5].enumerated().map { index, seconds in
                LogLine(
                    number: index + 9, time: data.clock.now.advanced(by: .seconds(seconds)), stream: .stdout, text: "x")
            }
            try await data.store.runLogs.append([data.chunk(earlier, of: attempt)])
            try expectEqual(try await data.read(attempt, after: 8), earlier, "the lines of a clock set back")
        },
        ContractCase("a chunk that is there already is skipped, beside new ones too") { data in
            let attempt = RunAttempt(run: .next(at: data.clock.now), attempt: 1)
            let lines = data.lines(4)
            let first = data.chunk(Array(lines[0..<2]), of: attempt)
            let second = data.chunk(Array(lines[2..<4]), of: attempt)
            try await data.store.runLogs.append([first])
            try await data.store.runLogs.append([first, second, second])
            try await data.store.runLogs.append([second])
            try expectEqual(try await data.read(attempt), lines, "the lines")
        },
        ContractCase("each attempt has a log of its own, which another tenant does not see") { data in
            let run = RunID.next(at: data.clock.now)
            let attempts = [1, 2].map { RunAttempt(run: run, attempt: $0) }
            let logs = [data.lines(2, "first"), data.lines(3, "second")]
            try await data.store.runLogs.append(zip(logs, attempts).map { data.chunk($0, of: $1) })
            try expectEqual(try await data.read(attempts[0]), logs[0], "the first log")
            try expectEqual(try await data.read(attempts[1]), logs[1], "the second log")
            try expectEqual(try await data.read(RunAttempt(run: run, attempt: 3)), [], "the log of another attempt")
            try expectEqual(
                try await data.read(attempts[0], tenant: TenantID("other")), [], "what another tenant reads")
        },
        ContractCase("one read brings a bounded amount of text, and the next goes on") { data in
            let attempt = RunAttempt(run: .next(at: data.clock.now), attempt: 1)
            let text = String(repeating: "x", count: 30_000)
            let lines = data.lines(100, text)
            try await data.store.runLogs.append(
                stride(from: 0, to: 100, by: 2).map { data.chunk(Array(lines[$0..<$0 + 2]), of: attempt) })
            var read: [LogLine] = []
            var reads = 0
            while true {
                let next = try await data.read(attempt, after: read.last?.number ?? 0)
                if next.isEmpty { break }
                try expect(next.count <= 40, "one read brings \(next.count) lines")
                read += next
                reads += 1
            }
            try expectEqual(read.map(\.number), lines.map(\.number), "the numbers")
            try expect(reads <= 4, "it takes \(reads) reads")
        },
        ContractCase("logs of runs that are older than an age are deleted in steps, younger ones stay") { data in
            let old = RunAttempt(run: .next(at: data.clock.now), attempt: 1)
            let lines = data.lines(5)
            try await data.store.runLogs.append(lines.map { data.chunk([$0], of: old) })
            data.clock.advance(by: .seconds(3_600))
            let young = RunAttempt(run: .next(at: data.clock.now), attempt: 1)
            try await data.store.runLogs.append([data.chunk(lines, of: young)])
            try expectEqual(try await data.delete(limit: 9), LogSweep(), "too young")
            data.clock.advance(by: .seconds(2))
            let third = LogPosition(attempt: old, firstLine: 3)
            try expectEqual(try await data.delete(limit: 3), LogSweep(deleted: 3, next: third), "the first step")
            try expectEqual(try await data.delete(after: third, limit: 3), LogSweep(deleted: 2), "the second step")
            try expectEqual(try await data.delete(limit: 3), LogSweep(), "the third step")
            try expectEqual(try await data.read(old), [], "the old log")
            try expectEqual(try await data.read(young), lines, "the young log")
        },
        ContractCase("the log of an old run that has started late stays until it is old itself") { data in
            let delayed = RunAttempt(run: .next(at: data.clock.now), attempt: 1)
            let other = RunAttempt(run: .next(at: data.clock.now), attempt: 2)
            let early = data.lines(1)
            try await data.store.runLogs.append([data.chunk(early, of: delayed), data.chunk(early, of: other)])
            data.clock.advance(by: .seconds(3_602))
            let late = data.lines(4).dropFirst()
            try await data.store.runLogs.append(late.map { data.chunk([$0], of: delayed) })
            var step = LogSweep(next: .start)
            var deleted: [Int] = []
            while let position = step.next, deleted.count < 9 {
                step = try await data.delete(after: position, limit: 2)
                deleted.append(step.deleted)
            }
            try expectEqual(deleted, [1, 0, 1], "what the steps delete")
            try expectEqual(try await data.read(delayed), Array(late), "the late lines")
            try expectEqual(try await data.read(other), [], "the early line behind them")
            data.clock.advance(by: .seconds(3_602))
            try expectEqual(try await data.delete(limit: 9), LogSweep(deleted: 3), "what is deleted later")
        },
    ]

    static let progressCases: [ContractCase] = [
        ContractCase("a running attempt's progress is noted, rises only, and stays after the end") { data in
            let (_, worker, attempt) = try await data.started()
            try expectEqual(try await data.run(attempt.run).progress, 0, "the progress at first")
            for (said, noted) in [(40, 40), (30, 40), (60, 60), (60, 60)] {
                try await data.store.runLogs.setProgress([attempt: said])
                try expectEqual(try await data.run(attempt.run).progress, noted, "the progress after \(said)")
            }
            _ = try await data.store.runs.settle([data.outcome(.success, of: attempt, on: worker)])
            try expectEqual(try await data.run(attempt.run).progress, 60, "the progress at the end")
            try await data.store.runLogs.setProgress([attempt: 90])
            try expectEqual(try await data.run(attempt.run).progress, 60, "the progress after the end")
            try await data.store.runLogs.setProgress([:])
        },
        ContractCase("progress of many attempts is noted at once; that of other attempts counts for none") { data in
            let task = try await data.task(.fixture(retryPolicy: RetryPolicy(maxRetries: 3, delayMilliseconds: 0)))
            let worker = try await data.worker()
            _ = try await data.runs(3, of: task)
            let attempts = try await data.start(on: worker).map(\.attempt)
            let next = RunAttempt(run: attempts[1].run, attempt: 2)
            let unknown = RunAttempt(run: .next(at: data.clock.now), attempt: 1)
            try await data.store.runLogs.setProgress([attempts[0]: 10, next: 20, attempts[2]: 100, unknown: 5])
            let progress = try await attempts.asyncMap { try await data.run($0.run).progress }
            try expectEqual(progress, [10, 0, 100], "the progress")
        },
        ContractCase("a retry begins at zero, and the attempt before it says nothing any more") { data in
            let (_, worker, first) = try await data.started(RetryPolicy(maxRetries: 3, delayMilliseconds: 0))
            try await data.store.runLogs.setProgress([first: 70])
            _ = try await data.store.runs.settle([data.outcome(.failure(.system), of: first, on: worker)])
            try expectEqual(try await data.run(first.run).progress, 0, "the progress while it waits")
            let second = try require(try await data.start(on: worker).first, "the second attempt").attempt
            try await data.store.runLogs.setProgress([first: 80])
            try expectEqual(try await data.run(first.run).progress, 0, "the progress that the first attempt said")
            try await data.store.runLogs.setProgress([second: 5])
            try expectEqual(try await data.run(first.run).progress, 5, "the progress that the second attempt said")
        },
    ]
}

extension TestDataFactory {
    fileprivate func lines(_ count: Int, _ text: String = "line") -> [LogLine] {
        (1...count).map { number in
            LogLine(
                number: number, time: clock.now.advanced(by: .milliseconds(number)), stream: .stdout, text: text)
        }
    }

    fileprivate func chunk(_ lines: [LogLine], of attempt: RunAttempt) -> LogChunk {
        LogChunk(attempt: attempt, tenant: .default, lines: lines)
    }

    fileprivate func delete(after position: LogPosition = .start, limit: Int) async throws -> LogSweep {
        try await store.runLogs.deleteLogs(olderThan: .seconds(3_601), after: position, limit: limit)
    }

    fileprivate func read(
        _ attempt: RunAttempt, tenant: TenantID = .default, after: Int = 0, limit: Int = 1_000
    ) async throws -> [LogLine] {
        try await store.runLogs.lines(LogRead(attempt: attempt, tenant: tenant, after: after, limit: limit))
    }
}

extension Sequence {
    fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
