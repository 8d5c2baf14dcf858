import Logging
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import SchedulerTestingUtils
import Synchronization
import Testing

@testable import SchedulerWorker

@Suite("A worker that cannot renew its lease")
struct SelfFencingTests {
    private func bench(slots: Int = 8, lease: Duration = .seconds(1)) throws -> WorkerBench {
        try WorkerBench(slots: slots) {
            $0.heartbeat = .milliseconds(50)
            $0.lease = lease
        }
    }

    /// Starts a run of a function.
    private func started(_ function: String, on bench: WorkerBench) async throws -> RunAttempt {
        let attempt = try await bench.dispatched(1, of: try await bench.task(.fixture(command: function)))[0]
        bench.queue.offer([attempt])
        return attempt
    }

    @Test("while the store is away for less than the lease allows, nothing is stopped")
    func shortOutage() async throws {
        let bench = try bench(lease: .seconds(20))
        let gate = Gate()
        bench.functions.register("gate", gate.function)
        try await bench.withWorker {
            let worker = try #require(try await bench.online().first?.id)
            let attempt = try await started("gate", on: bench)
            try await eventually("it has started") { gate.starts.count == 1 }
            bench.workers.setAway(true)
            try await eventually("beats fail") { bench.workers.refusedBeats >= 10 }
            bench.workers.setAway(false)
            let before = try await bench.store.recovery.heartbeats()[worker] ?? 0
            try await eventually("it beats again") {
                try await bench.store.recovery.heartbeats()[worker] ?? 0 > before
            }
            gate.open()
            try await bench.settling(until: "it is completed") { try await bench.status(attempt) == .completed }
            #expect(try await bench.run(attempt.run).attempt == 1)
            #expect(try await bench.online().map(\.id) == [worker])
        }
    }

    @Test("it stops what it runs at no retry's cost, claims nothing, and works under another identifier afterwards")
    func longOutage() async throws {
        let bench = try bench()
        let gate = Gate()
        bench.functions.register("gate", gate.function)
        try await bench.withWorker {
            let worker = try #require(try await bench.online().first?.id)
            let attempt = try await started("gate", on: bench)
            try await eventually("it has started") { gate.starts.count == 1 }
            bench.workers.setAway(true)
            try await bench.settling(until: "it was handed back") { try await bench.status(attempt) == .pending }
            #expect(
                bench.queue.outcomes.first?.errorMessage == "handed back: the worker could not renew its lease in time")
            #expect(try await bench.run(attempt.run).interruptions == 1)
            #expect(try await bench.run(attempt.run).failures == 0)
            // The store of runs answers all the time, so only the fence keeps it from claiming.
            let second = try await bench.dispatchedAgain()
            bench.queue.offer(second)
            try await eventually("the lease is over") { bench.queue.read { $0.subscriptions.isEmpty } }
            #expect(try await bench.status(attempt) == .dispatched)
            #expect(gate.starts == [attempt])
            bench.workers.setAway(false)
            try await eventually("it starts under another identifier") { gate.starts.count == 2 }
            #expect(try await bench.online().contains { $0.id != worker })
            #expect(try await bench.run(attempt.run).worker != worker)
            gate.open()
            try await bench.settling(until: "it is completed") { try await bench.status(attempt) == .completed }
        }
    }

    @Test("a run whose claim was answered before the end of the lease is not begun after it")
    func oldClaim() async throws {
        let bench = try bench()
        let acknowledging = Latch<Void>()
        bench.queue.change { $0.acknowledging = acknowledging }
        let gate = Gate()
        bench.functions.register("gate", gate.function)
        try await bench.withWorker {
            let attempt = try await started("gate", on: bench)
            try await eventually("it is claimed") { try await bench.status(attempt) == .running }
            bench.workers.setAway(true)
            try await eventually("the lease is over") {
                bench.queue.read { $0.subscriptions.isEmpty }
            }
            acknowledging.fire(())
            try await bench.settling(until: "it was handed back") { try await bench.status(attempt) == .pending }
            #expect(gate.starts.isEmpty)
            bench.workers.setAway(false)
        }
    }

    @Test("an outcome that it holds is reported, though its identifier was given up")
    func heldOutcome() async throws {
        let bench = try bench()
        try await bench.withWorker {
            let worker = try #require(try await bench.online().first?.id)
            let attempt = try await started("noop", on: bench)
            try await eventually("it is published") { bench.queue.outcomes.count == 1 }
            bench.workers.setAway(true)
            try await eventually("the lease is over") { bench.queue.read { $0.subscriptions.isEmpty } }
            bench.workers.setAway(false)
            try await eventually("it has another identifier") {
                try await bench.online().contains { $0.id != worker }
            }
            let reports = bench.queue.outcomes.count
            try await eventually("it is published again") { bench.queue.outcomes.count > reports }
            #expect(bench.queue.outcomes.allSatisfy { $0.attempt == attempt && $0.worker == worker })
            try await bench.settling(until: "it is completed") { try await bench.status(attempt) == .completed }
        }
    }

    @Test("a function that does not return after it was asked to is said to be the end of the process")
    func stubbornFunction() async throws {
        let bench = try bench()
        let release = Latch<Void>()
        bench.functions.register("stubborn") { _ in
            // A task of its own is not cancelled with this one.
            _ = await Task { await release.wait() }.value
            return .null
        }
        try await bench.withWorker {
            let worker = try #require(try await bench.online().first?.id)
            let attempt = try await started("stubborn", on: bench)
            try await eventually("it runs") { try await bench.online().first?.currentTaskCount == 1 }
            bench.workers.setAway(true)
            try await eventually("the process would end") { bench.unfenceable.withLock { !$0.isEmpty } }
            bench.workers.setAway(false)
            #expect(try await bench.online().map(\.id) == [worker], "it takes nothing while the function goes on")
            release.fire(())
            try await bench.settling(until: "its success came before its end") {
                try await bench.status(attempt) == .completed
            }
            try await eventually("it works again") { try await bench.online().contains { $0.id != worker } }
        }
        #expect(bench.unfenceable.withLock { $0.count } == 1)
        #expect(bench.unfenceable.withLock { $0.first?.contains("does not return") } == true)
    }

    @Test(
        "a worker whose loop hangs for longer than its patience sends no heartbeat, though that has a thread of its own"
    )
    func hungLoop() async throws {
        let bench = try WorkerBench(slots: Hogs.count) {
            $0.heartbeat = .milliseconds(50)
            $0.lease = .seconds(1)
            $0.loopPatience = .milliseconds(300)
        }
        let hogs = Hogs()
        bench.functions.register("hog", hogs.function)
        try await bench.withWorker {
            let worker = try #require(try await bench.online().first?.id)
            let attempts = try await bench.dispatched(
                Hogs.count, of: try await bench.task(.fixture(command: "hog")))
            try await withOwnThread(named: "test") { clock in
                defer { hogs.end() }
                bench.queue.offer(attempts)
                let deadline = clock.now + .seconds(30)
                // The store answers all the time: only the worker's own silence can end its lease.
                while bench.unfenceable.withLock({ $0.isEmpty }) {
                    guard clock.now < deadline else { throw SchedulerError(.timeout, "it is not found out") }
                    try await clock.sleep(for: .milliseconds(5))
                }
            }
            try await eventually("it works again") {
                try await bench.online().contains { $0.id != worker }
            }
        }
    }

    @Test("a claim waits for the worker's leave, which is asked for right before each time")
    func claimWaits() async throws {
        let bench = try bench()
        let worker = WorkerInfoBuilder(at: SystemClock().now).build()
        try await bench.store.workers.register(worker)
        let attempt = try await bench.dispatched(1, of: try await bench.task())[0]
        let isOpen = Atomic(false)
        let asked = Atomic(0)
        let claims = ClaimRuns(
            worker: worker.id, runs: bench.store.runs,
            mayClaim: {
                asked.add(1, ordering: .relaxed)
                return isOpen.load(ordering: .relaxed)
            }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        async let claimed = claims.claim([attempt], givingBack: [])
        try await eventually("it has asked twice") { asked.load(ordering: .relaxed) >= 2 }
        #expect(try await bench.status(attempt) == .dispatched)
        isOpen.store(true, ordering: .relaxed)
        #expect(try await claimed.count == 1)
        #expect(try await bench.status(attempt) == .running)
    }
}
