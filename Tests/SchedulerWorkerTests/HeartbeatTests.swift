import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("Heartbeat")
struct HeartbeatTests {
    @Test("functions that hold every Swift thread for longer than the lease do not stop it")
    func hoggedThreads() async throws {
        let bench = try WorkerBench(slots: Hogs.count) {
            $0.heartbeat = .milliseconds(250)
            $0.lease = .seconds(1)
        }
        let hogs = Hogs()
        bench.functions.register("hog", hogs.function)
        try await bench.withWorker {
            let worker = try #require(try await bench.online().first)
            let attempts = try await bench.dispatched(
                Hogs.count, of: try await bench.task(.fixture(command: "hog")))
            // This test has to go on as well.
            try await withOwnThread(named: "test") { clock in
                defer { hogs.end() }
                bench.queue.offer(attempts)
                let deadline = clock.now + .seconds(30)
                while try await !outlivesALease(worker, bench, clock, until: deadline) {}
            }
            #expect(try await bench.online().map(\.id) == [worker.id])
            try await bench.settling(until: "all are completed") {
                for attempt in attempts where try await bench.status(attempt) != .completed { return false }
                return true
            }
        }
    }

    @Test("after a hint it beats twice, since what the hint is about may not have been held yet")
    func secondLook() async throws {
        let bench = try WorkerBench {
            $0.heartbeat = .seconds(600)
            $0.lease = .seconds(3_600)
        }
        try await bench.withWorker {
            let worker = try #require(try await bench.online().first)
            try await eventually("it has beaten") { try await self.sequence(of: worker, bench) == 1 }
            await bench.store.wakeUps.send(.worker(worker.id))
            try await eventually("it beats twice more") { try await self.sequence(of: worker, bench) == 3 }
        }
    }

    @Test("a claimed attempt is held before its message is acknowledged, and starts afterwards")
    func heldFromTheClaim() async throws {
        let bench = try WorkerBench()
        let acknowledging = Latch<Void>()
        bench.queue.change { $0.acknowledging = acknowledging }
        let gate = Gate()
        bench.functions.register("gate", gate.function)
        try await bench.withWorker {
            defer { acknowledging.fire(()) }
            let attempt = try await bench.dispatched(1, of: try await bench.task(.fixture(command: "gate")))[0]
            bench.queue.offer([attempt])
            try await eventually("heartbeats count it") { try await bench.online().first?.currentTaskCount == 1 }
            #expect(gate.starts.isEmpty)
            #expect(bench.queue.read { $0.acknowledged } == 0)
            acknowledging.fire(())
            try await eventually("it has started") { gate.starts == [attempt] }
            gate.open()
            try await bench.settling(until: "it is completed") { try await bench.status(attempt) == .completed }
        }
    }

    /// Watches until the worker has beaten for twice its lease.
    ///
    /// - Returns: whether no Swift thread was free meanwhile.
    private func outlivesALease(
        _ worker: WorkerInfo, _ bench: WorkerBench, _ clock: OwnThreadClock, until deadline: ContinuousClock.Instant
    ) async throws -> Bool {
        let canary = Canary()
        let before = try await sequence(of: worker, bench)
        while try await sequence(of: worker, bench) < before + 8 {
            guard clock.now < deadline else { throw SchedulerError(.timeout, "it does not beat, or a thread is free") }
            if canary.hasSung { return false }
            try await clock.sleep(for: .milliseconds(5))
        }
        return !canary.hasSung
    }

    private func sequence(of worker: WorkerInfo, _ bench: WorkerBench) async throws -> Int64 {
        try #require(try await bench.store.recovery.heartbeats()[worker.id], "the worker is lost")
    }
}

/// Sings as soon as a Swift thread is free.
private final class Canary: Sendable {
    private let song = Latch<Void>()

    var hasSung: Bool { song.value != nil }

    init() { Task { [song] in song.fire(()) } }
}
