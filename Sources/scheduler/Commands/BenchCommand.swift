import ArgumentParser
import AsyncHTTPClient
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure a running system, for example one started by `make demo`.",
        subcommands: [Runs.self, Burst.self, Idle.self, Crowd.self],
        defaultSubcommand: Runs.self
    )

    struct Target: ParsableArguments {
        @Option(help: "The address of the API.") var url = "http://127.0.0.1:8080"
        @Option(help: "How many requests are under way at once.") var concurrency = 4

        func validate() throws {
            guard concurrency > 0 else { throw ValidationError("--concurrency is above 0") }
        }

        /// Runs a body with a client of the system.
        func measure(_ body: (BenchClient) async throws -> Void) async throws {
            let http = HTTPClient(eventLoopGroupProvider: .singleton)
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(BenchClient(http: http, address: url)))
            } catch {
                result = .failure(error)
            }
            try await http.shutdown()
            try ExitOnError.unwrap(result)
        }
    }

    struct Runs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "How many runs a second it takes end to end.",
            discussion: """
                Creates a task, triggers its runs in batches over HTTP, waits until the store shows each of them \
                completed, checks that each started once, and prints the rates.
                """)

        @OptionGroup var target: Target
        @Option(help: "How many runs to trigger in each round.") var runs = 20_000
        @Option(help: "How many runs go in one request, 1 to 1000.") var batch = 1_000
        @Option(help: "How many rounds to measure; the median counts.") var rounds = 3
        @Option(help: "The task as JSON; by default one whose function does nothing.")
        var task = #"{"executor":"function","config":{"name":"noop"}}"#

        func validate() throws {
            guard (try? JSONValue(parsing: task))?.object != nil else {
                throw ValidationError("--task is a JSON object, as POST /api/tasks takes it")
            }
            guard runs > 0, rounds > 0, (1...1_000).contains(batch) else {
                throw ValidationError("--runs and --rounds are above 0, --batch is 1 to 1000")
            }
        }

        func run() async throws {
            let task = try JSONValue(parsing: task).object ?? [:]
            try await target.measure { client in
                let benchmark = Benchmark(
                    client: client, runs: runs, concurrency: target.concurrency, batch: batch, patience: .seconds(600),
                    task: task)
                var rates: [Double] = []
                for round in 1...rounds {
                    let figures = try await benchmark.measure()
                    rates.append(figures.finishedPerSecond)
                    Terminal.line(
                        "round \(round): \(figures.runs) runs accepted at \(rounded(figures.acceptedPerSecond))/s, "
                            + "finished at \(rounded(figures.finishedPerSecond))/s in "
                            + "\(rounded(figures.finished.inSeconds * 1_000)) ms")
                }
                Terminal.line("median: \(rounded(rates.sorted()[rates.count / 2])) runs/s end to end")
            }
        }

        private func rounded(_ value: Double) -> Int { Int(value.rounded()) }
    }

    struct Burst: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "How soon the runs of many tasks due on one second exist and start.")

        @OptionGroup var target: Target
        @Option(help: "How many tasks are due on the same second.") var tasks = 10_000
        @Option(help: "How many rounds to measure.") var rounds = 3
        @Option(help: "How many seconds ahead that second lies; the tasks are created meanwhile.") var lead = 45

        func run() async throws {
            try await target.measure { client in
                let benchmark = ScheduleBenchmark(client: client, concurrency: target.concurrency)
                for round in 1...max(1, rounds) {
                    let figures = try await benchmark.burst(tasks: tasks, lead: .seconds(lead))
                    Terminal.line(
                        "round \(round): \(figures.created.count) runs of one second: rows made after "
                            + "\(figures.created.text); attempts started after \(figures.started.text)")
                    try refuseEarly(figures)
                }
            }
        }
    }

    struct Idle: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "How long after its second a run starts on an idle system.")

        @OptionGroup var target: Target
        @Option(help: "For how many seconds a task runs every second.") var seconds = 120

        func run() async throws {
            try await target.measure { client in
                let benchmark = ScheduleBenchmark(client: client, concurrency: target.concurrency)
                let figures = try await benchmark.idle(for: .seconds(seconds))
                Terminal.line(
                    "\(figures.started.count) runs, one a second: row made after \(figures.created.text); attempt "
                        + "started after \(figures.started.text)")
                try refuseEarly(figures)
            }
        }
    }

    struct Crowd: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create many active tasks that are not due for a year or more, to see what they cost.")

        @OptionGroup var target: Target
        @Option(help: "How many tasks to create.") var tasks = 100_000

        func run() async throws {
            try await target.measure { client in
                let benchmark = ScheduleBenchmark(client: client, concurrency: target.concurrency)
                let created = try await benchmark.create(tasks, schedule: "0 0 0 29 2 *")
                Terminal.line("created \(created.count) tasks")
            }
        }
    }
}

/// Refuses figures of a run that was made or started before its second.
private func refuseEarly(_ figures: ScheduleBenchmark.Figures) throws {
    guard min(figures.created.least, figures.started.least) >= 0 else {
        throw SchedulerError(.execution, "a run was early by \(-min(figures.created.least, figures.started.least)) ms")
    }
}
