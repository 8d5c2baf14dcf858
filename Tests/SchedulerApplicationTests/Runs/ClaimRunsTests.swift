import Logging
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@Suite("Claiming runs")
struct ClaimRunsTests {
    private let clock = VirtualClock()
    private let store: InMemoryStore
    private let data: TestDataFactory

    init() {
        let clock = clock
        store = InMemoryStore(now: { clock.now })
        data = TestDataFactory(store: store, clock: clock)
    }

    private func claims(_ worker: WorkerID) -> ClaimRuns {
        ClaimRuns(worker: worker, runs: store.runs, logger: Logger(label: "test"))
    }

    private func dispatched(_ count: Int) async throws -> [RunAttempt] {
        _ = try await data.runs(count, of: try await data.task())
        return try await store.runs.pick(limit: count).runs.map(\.attempt)
    }

    @Test("what is taken runs, what is given back is pending")
    func takesAndGivesBack() async throws {
        let worker = try await data.worker()
        let attempts = try await dispatched(5)
        let claimed = try await claims(worker.id).claim(Array(attempts[..<2]), givingBack: Array(attempts[2...]))
        #expect(Set(claimed.map(\.attempt)) == Set(attempts[..<2]))
        for (index, attempt) in attempts.enumerated() {
            let status = try await data.run(attempt.run).status
            #expect(status == (index < 2 ? .running : .pending))
        }
    }

    @Test("a repeated claim returns the same attempts")
    func repeats() async throws {
        let worker = try await data.worker()
        let attempts = try await dispatched(2)
        let claims = claims(worker.id)
        let first = try await claims.claim(attempts, givingBack: [])
        let second = try await claims.claim(attempts, givingBack: [])
        #expect(Set(second) == Set(first))
    }

    @Test("messages that offer the same attempt at once start it for one of them")
    func duplicates() async throws {
        let worker = try await data.worker()
        let attempts = try await dispatched(50)
        let claims = claims(worker.id)
        let all = try await withThrowingTaskGroup(of: [ClaimedRun].self) { group in
            for index in 0..<20 {
                group.addTask {
                    try await index.isMultiple(of: 2)
                        ? claims.claim(attempts, givingBack: []) : claims.claim([], givingBack: attempts)
                }
            }
            return try await group.reduce(into: Set<RunAttempt>()) { $0.formUnion($1.map(\.attempt)) }
        }
        for attempt in attempts {
            let run = try await data.run(attempt.run)
            #expect(run.attempt <= 1)
            #expect((run.status == .running) == all.contains(attempt))
        }
    }

    @Test("a worker that is offline is told so")
    func lockLost() async throws {
        let worker = try await data.worker()
        let attempts = try await dispatched(1)
        try await store.workers.leave(worker.id)
        let error = await #expect(throws: SchedulerError.self) {
            try await claims(worker.id).claim(attempts, givingBack: [])
        }
        #expect(error?.code == .lockLost)
    }
}
