import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import SchedulerTestingUtils
import Synchronization
import Testing

@testable import SchedulerWorker

@Suite("Heartbeat")
struct HeartbeatTests {
    /// More than any machine has Swift threads.
    private static let hogs = 512

    @Test("functions that hold every Swift thread for longer than the lease do not stop it")
    func hoggedThreads() async throws {
        let bench = try WorkerBench(slots: HeartbeatTests.hogs) {
            $0.heartbeat = .milliseconds(50)
            $0.lease = .milliseconds(200)
        }
        let hogs = Hogs()
        bench.functions.register("hog", hogs.function)
        try await bench.withWorker {
            let worker = try #require(try await bench.online().first)
            let attempts = try await bench.dispatched(
                HeartbeatTests.hogs, of: try await bench.task(.fixture(command: "hog")))
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

/// Functions that calculate without ever letting go of their threads, until the test ends them.
private final class Hogs: Sendable {
    private let isOver = Atomic(false)

    func end() { isOver.store(true, ordering: .relaxed) }

    var function: TaskFunction {
        { _ in
            while !self.isOver.load(ordering: .relaxed) {}
            return .null
        }
    }
}

/// Sings as soon as a Swift thread is free.
private final class Canary: Sendable {
    private let song = Latch<Void>()

    var hasSung: Bool { song.value != nil }

    init() { Task { [song] in song.fire(()) } }
}
