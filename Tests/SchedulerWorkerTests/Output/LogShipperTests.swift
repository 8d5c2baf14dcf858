import Logging
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("Log shipper")
struct LogShipperTests {
    /// A shipper at work on a store in memory.
    private struct Bench: Sendable {
        let logs: FaultyRunLogs
        let shipper: LogShipper

        init(_ limits: LogLimits) {
            logs = FaultyRunLogs(base: InMemoryStore(now: { VirtualClock.start }).runLogs)
            shipper = LogShipper(
                logs, limits: limits, clock: SystemClock(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }

        func open() -> RunLog {
            shipper.open(
                ClaimedRun(
                    attempt: RunAttempt(run: .next(at: VirtualClock.start), attempt: 1), tenant: .default,
                    version: TaskVersionID(task: TaskID(1), version: 1), overrides: .none,
                    scheduledAt: VirtualClock.start))
        }

        func lines(of log: RunLog) async throws -> [LogLine] {
            var lines: [LogLine] = []
            while true {
                let next = try await logs.lines(
                    LogRead(attempt: log.attempt, tenant: .default, after: lines.count, limit: 10_000))
                if next.isEmpty { return lines }
                lines += next
            }
        }
    }

    private func withShipper(
        _ change: (inout LogLimits) -> Void = { _ in }, _ body: @escaping @Sendable (Bench) async throws -> Void
    ) async throws {
        var limits = LogLimits()
        limits.interval = .milliseconds(10)
        change(&limits)
        let bench = Bench(limits)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await bench.shipper.run() }
            defer { group.cancelAll() }
            try await body(bench)
        }
    }

    @Test("lines are in the store while the attempt goes on, and all of them when it has finished")
    func ships() async throws {
        try await withShipper { bench in
            let log = bench.open()
            log.write("first", to: .stdout)
            try await eventually("the line is there") { try await bench.lines(of: log).map(\.text) == ["first"] }
            log.write("second", to: .stderr)
            log.write("third\nfourth\u{0}", to: .stdout)
            await bench.shipper.finish(log)
            let lines = try await bench.lines(of: log)
            #expect(lines.map(\.text) == ["first", "second", "third", "fourth\u{FFFD}"])
            #expect(lines.map(\.number) == [1, 2, 3, 4])
            #expect(lines.map(\.stream) == [.stdout, .stderr, .stdout, .stdout])
        }
    }

    @Test("an attempt that says nothing costs the store nothing")
    func costsNothing() async throws {
        try await withShipper { bench in
            await bench.shipper.finish(bench.open())
            #expect(bench.logs.appends == 0)
        }
    }

    @Test("what was said while the store was away arrives when it is back, each line once")
    func retries() async throws {
        try await withShipper { bench in
            let log = bench.open()
            bench.logs.fail(with: SchedulerError(.storeUnavailable, "away"))
            for number in 1...500 { log.write("line \(number)", to: .stdout) }
            try await eventually("it was tried") { bench.logs.appends >= 2 }
            bench.logs.fail(with: nil)
            await bench.shipper.finish(log)
            #expect(try await bench.lines(of: log).map(\.text) == (1...500).map { "line \($0)" })
        }
    }

    @Test("a store that stays away holds up an outcome for a bounded time, and the log follows")
    func doesNotWaitForEver() async throws {
        try await withShipper({ $0.patience = .milliseconds(50) }) { bench in
            let log = bench.open()
            bench.logs.fail(with: SchedulerError(.storeUnavailable, "away"))
            log.write("late", to: .stdout)
            await bench.shipper.finish(log)
            #expect(log.lineCount == 1)
            bench.logs.fail(with: nil)
            try await eventually("the line is there") { try await bench.lines(of: log).map(\.text) == ["late"] }
        }
    }

    @Test("what the store refuses is given up, and what follows arrives")
    func givesUp() async throws {
        try await withShipper { bench in
            let log = bench.open()
            bench.logs.fail(with: SchedulerError(.database, "refused"))
            log.write("bad", to: .stdout)
            try await eventually("it was refused") { log.lineCount == 0 }
            bench.logs.fail(with: nil)
            log.write("good", to: .stdout)
            await bench.shipper.finish(log)
            #expect(
                try await bench.logs.lines(
                    LogRead(attempt: log.attempt, tenant: .default, limit: 10)
                ).map(\.text) == ["good"])
        }
    }

    @Test("a flood of ten attempts is cut and marked, and never takes more memory than the worker allows")
    func survivesFloods() async throws {
        let memory = 256 * 1_024
        // The store is away, so that nothing makes room, however slow the flood is; then there is all the time it needs.
        try await withShipper({ ($0.memoryBytes, $0.patience) = (memory, .seconds(600)) }) { bench in
            bench.logs.fail(with: SchedulerError(.storeUnavailable, "away"))
            let logs = (0..<10).map { _ in bench.open() }
            let line = String(repeating: "flood ", count: 20)
            await withTaskGroup { group in
                for log in logs {
                    group.addTask {
                        for number in 0..<4_000 { log.write("\(number) \(line)", to: .stdout) }
                        log.write("the end", to: .stderr)
                    }
                }
            }
            // Marks are written beyond the bound.
            #expect(bench.shipper.heldBytes <= memory + 64 * 1_024)
            bench.logs.fail(with: nil)
            for log in logs {
                await bench.shipper.finish(log)
                let lines = try await bench.lines(of: log)
                #expect(lines.contains { $0.stream == .system && $0.text.contains("cut") })
                #expect(lines.last?.text == "the end")
            }
            #expect(bench.shipper.heldBytes == 0)
        }
    }

    @Test("while the store is away, logs of ended attempts take bounded memory, and the oldest are given up")
    func givesUpTheOldest() async throws {
        try await withShipper({ ($0.memoryBytes, $0.patience) = (64 * 1_024, .zero) }) { bench in
            bench.logs.fail(with: SchedulerError(.storeUnavailable, "away"))
            let logs = (0..<20).map { _ in bench.open() }
            for log in logs {
                for _ in 0..<10 { log.write(String(repeating: "x", count: 800), to: .stdout) }
                log.progress(50)
                await bench.shipper.finish(log)
            }
            // Of 64 KiB they have half, and each takes 8.4.
            #expect(logs.map(\.lineCount) == Array(repeating: 0, count: 17) + [10, 10, 10])
            #expect(logs.map { $0.drained.value != nil } == Array(repeating: true, count: 17) + [false, false, false])
            #expect(bench.shipper.heldBytes <= 32 * 1_024)
            bench.logs.fail(with: nil)
            for log in logs.suffix(3) {
                try await eventually("the log is there") { try await bench.lines(of: log).count == 10 }
            }
        }
    }
}
