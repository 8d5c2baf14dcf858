import ArgumentParser
import AsyncHTTPClient
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure how many runs a second a running system takes end to end.",
        discussion: """
            Creates a task whose function does nothing, triggers its runs in batches over HTTP, waits until the store \
            shows each of them completed, checks that each started once, and prints the rates. The system must be \
            running, for example by `make demo`.
            """
    )

    @Option(help: "The address of the API.") var url = "http://127.0.0.1:8080"
    @Option(help: "How many runs to trigger in each round.") var runs = 20_000
    @Option(help: "How many runs go in one request, 1 to 1000.") var batch = 1_000
    @Option(help: "How many requests are under way at once.") var concurrency = 4
    @Option(help: "How many rounds to measure; the median counts.") var rounds = 3

    func validate() throws {
        guard runs > 0, rounds > 0, concurrency > 0, (1...1_000).contains(batch) else {
            throw ValidationError("--runs, --rounds and --concurrency are above 0, --batch is 1 to 1000")
        }
    }

    func run() async throws {
        let http = HTTPClient(eventLoopGroupProvider: .singleton)
        let result = await measureRounds(http)
        try await http.shutdown()
        try ExitOnError.unwrap(result)
    }

    private func measureRounds(_ http: HTTPClient) async -> Result<Void, any Error> {
        let benchmark = Benchmark(
            client: BenchClient(http: http, address: url), runs: runs, concurrency: concurrency, batch: batch,
            patience: .seconds(600))
        do {
            var rates: [Double] = []
            for round in 1...rounds {
                let figures = try await benchmark.measure()
                rates.append(figures.finishedPerSecond)
                Terminal.line(
                    "round \(round): \(figures.runs) runs accepted at \(rounded(figures.acceptedPerSecond))/s, "
                        + "finished at \(rounded(figures.finishedPerSecond))/s in \(rounded(figures.finished.inSeconds * 1_000)) ms"
                )
            }
            Terminal.line("median: \(rounded(rates.sorted()[rates.count / 2])) runs/s end to end")
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    private func rounded(_ value: Double) -> Int { Int(value.rounded()) }
}
