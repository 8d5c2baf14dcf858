import Foundation
import SchedulerTestingUtils
import Testing

/// The real services of all roles in virtual time, with everything that can go wrong, one seed after the other.
@Suite("Simulation")
struct SimulationTests {
    /// `SIMULATION_SEEDS` is a range such as `0..<300` or one seed; `make simulate SEEDS=…` sets it.
    private static var seeds: Range<UInt64> {
        let text = ProcessInfo.processInfo.environment["SIMULATION_SEEDS"] ?? "0..<300"
        let bounds = text.split(separator: "..<").compactMap { UInt64($0) }
        if bounds.count == 2, bounds[0] <= bounds[1] { return bounds[0]..<bounds[1] }
        return bounds.first.map { $0..<($0 + 1) } ?? 0..<0
    }

    private static var prints: Bool { ProcessInfo.processInfo.environment["SIMULATION_TRACE"] == "1" }

    @Test("the promise holds for every seed")
    func promiseHolds() async throws {
        let seeds = SimulationTests.seeds
        try #require(!seeds.isEmpty, "SIMULATION_SEEDS is a range such as 0..<300 or one seed")
        let prints = SimulationTests.prints
        let results = await SimulationTests.play(seeds, prints: prints)
        for result in results where !result.violations.isEmpty {
            Issue.record("seed \(result.seed) breaks the promise: \(result.violations)\n\(result.trace)")
        }
        let steps = results.map(\.steps)
        print(
            "\(results.count) seeds, \(steps.reduce(0, +)) steps (fewest \(steps.min() ?? 0)), "
                + "\(results.map(\.runs).reduce(0, +)) runs, \(results.map(\.faults).reduce(0, +)) faults of whole processes or servers"
        )
        #expect(results.count == seeds.count)
    }

    @Test("the same seed gives the same history twice", arguments: [UInt64(7), 8, 9])
    func isDeterministic(seed: UInt64) async throws {
        let first = await Simulation.run(seed: seed)
        let second = await Simulation.run(seed: seed)
        #expect(first.steps > 200)
        #expect(first.digest == second.digest)
        #expect(first.end == second.end)
    }

    /// Two at a time: each has a thread of its own.
    private static func play(_ seeds: Range<UInt64>, prints: Bool) async -> [Simulation.Result] {
        await withTaskGroup(of: Simulation.Result.self) { group in
            var results: [Simulation.Result] = []
            var rest = seeds.makeIterator()
            for _ in 0..<2 {
                if let seed = rest.next() { group.addTask { await Simulation.run(seed: seed, prints: prints) } }
            }
            for await result in group {
                results.append(result)
                if let seed = rest.next() { group.addTask { await Simulation.run(seed: seed, prints: prints) } }
            }
            return results
        }
    }
}

extension Simulation.Result {
    /// What led to the first violation.
    fileprivate var trace: String { end.suffix(60).joined(separator: "\n") }
}
