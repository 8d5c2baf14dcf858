import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("Output of a worker's attempts")
struct RunLogTests {
    private func log(_ attempt: RunAttempt, _ bench: WorkerBench) async throws -> [LogLine] {
        try await bench.store.runLogs.lines(LogRead(attempt: attempt, tenant: .default, limit: 1_000))
    }

    @Test("lines and progress are in the store while the run goes on, the rest before its outcome is reported")
    func streams() async throws {
        let bench = try WorkerBench()
        let opened = Latch<Void>()
        bench.functions.register("talk") { call in
            call.run.output.write("begun", to: .stdout)
            call.run.output.progress(40)
            _ = await opened.wait()
            call.run.output.write("ended", to: .stderr)
            call.run.output.progress(250)
            call.run.output.progress(60)
            return .null
        }
        try await bench.withWorker {
            let attempt = try await bench.dispatched(1, of: bench.task(.fixture(command: "talk")))[0]
            bench.queue.offer([attempt])
            try await eventually("the first line is there") {
                try await self.log(attempt, bench).map(\.text) == ["begun"]
            }
            try await eventually("the progress is there") { try await bench.run(attempt.run).progress == 40 }
            #expect(try await bench.status(attempt) == .running)
            opened.fire(())
            try await eventually("the outcome is reported") { !bench.queue.outcomes.isEmpty }
            #expect(try await log(attempt, bench).map(\.text) == ["begun", "ended"])
            #expect(try await bench.run(attempt.run).progress == 100)
            try await bench.settling(until: "it has ended") { try await bench.status(attempt) == .completed }
            #expect(try await bench.run(attempt.run).progress == 100)
        }
    }

    @Test("each attempt of a run has a log of its own; its limit is the task's")
    func keepsAttemptsApart() async throws {
        let bench = try WorkerBench()
        bench.functions.register("fail") { call in
            for number in 1...50 {
                call.run.output.write("attempt \(call.run.attempt.attempt): \(number)", to: .stdout)
            }
            throw FunctionFailure(.system, "no")
        }
        try await bench.withWorker {
            var spec = TaskSpec.fixture(
                command: "fail", retryPolicy: RetryPolicy(maxRetries: 1, delayMilliseconds: 0))
            spec.limits.maxOutputBytes = 100
            let task = try await bench.task(spec)
            let first = try await bench.dispatched(1, of: task)[0]
            bench.queue.offer([first])
            let second = RunAttempt(run: first.run, attempt: 2)
            try await bench.settling(until: "both attempts have failed") {
                let picked = try await bench.store.runs.pick(limit: 1).runs.map(\.attempt)
                if !picked.isEmpty { bench.queue.offer(picked) }
                return try await bench.status(first) == .failed
            }
            for attempt in [first, second] {
                let lines = try await log(attempt, bench)
                let name = "attempt \(attempt.attempt):"
                #expect(lines.first?.text == "\(name) 1")
                #expect(lines.last?.text == "\(name) 50")
                #expect(lines.filter { $0.stream == .system }.map(\.text).count == 1)
                #expect(lines.filter { $0.stream == .stdout }.reduce(0) { $0 + $1.text.utf8.count + 1 } <= 100)
            }
        }
    }

    @Test("what a process says is in its log, and what it says to the scheduler is done")
    func hearsProcesses() async throws {
        let bench = try WorkerBench(types: ["shell"])
        let command = """
            echo one; printf 'bro\\377ken\\n'; echo '::progress 40::'; echo warned >&2; echo '::result {"rows": 12}::'; printf last
            """
        try await bench.withWorker {
            let task = try await bench.task(.fixture(taskType: "shell", executor: "shell", command: command))
            let attempt = try await bench.dispatched(1, of: task)[0]
            bench.queue.offer([attempt], to: "shell")
            try await bench.settling(until: "it has ended") { try await bench.status(attempt) == .completed }
            let lines = try await log(attempt, bench)
            #expect(lines.filter { $0.stream == .stdout }.map(\.text) == ["one", "bro\u{FFFD}ken", "last"])
            #expect(lines.filter { $0.stream == .stderr }.map(\.text) == ["warned"])
            let run = try await bench.run(attempt.run)
            #expect(run.progress == 40)
            #expect(run.result == ["rows": 12])
        }
    }

    @Test("a store that takes no logs does not hold up the outcome for long")
    func reportsWithoutLogs() async throws {
        let bench = try WorkerBench()
        bench.functions.register("talk") { call in
            call.run.output.write("lost", to: .stdout)
            return .null
        }
        bench.logs.fail(with: SchedulerError(.storeUnavailable, "away"))
        try await bench.withWorker {
            let attempt = try await bench.dispatched(1, of: bench.task(.fixture(command: "talk")))[0]
            bench.queue.offer([attempt])
            try await bench.settling(until: "it has ended") { try await bench.status(attempt) == .completed }
            #expect(try await self.log(attempt, bench).isEmpty)
        }
    }
}
