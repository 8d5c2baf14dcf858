import SchedulerDomain
import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("Outcomes that a worker keeps")
struct KeptOutcomesWorkerTests {
    @Test("an outcome that the broker loses is published again until the store has it")
    func resends() async throws {
        let bench = try WorkerBench()
        try await bench.withWorker {
            let attempts = try await bench.dispatched(1, of: try await bench.task())
            bench.queue.offer(attempts)
            try await eventually("it was published twice") { bench.queue.outcomes.count >= 2 }
            #expect(Set(bench.queue.outcomes).count == 1)
            try await bench.settle()
            // The end of the worker waits until its keeper is empty.
        }
    }

    @Test("a worker that holds as many outcomes as it may takes no work until the store has some")
    func keptOutcomesAreBounded() async throws {
        let bench = try WorkerBench { $0.maxKeptOutcomes = 2 }
        try await bench.withWorker {
            let attempts = try await bench.dispatched(3, of: try await bench.task())
            bench.queue.offer(Array(attempts.prefix(2)))
            try await eventually("both are reported") { Set(bench.queue.outcomes.map(\.attempt)).count == 2 }
            bench.queue.offer([attempts[2]])
            try await eventually("the message is back on the queue") {
                bench.queue.read {
                    $0.subscriptions[.tasks("function")] == nil && $0.waiting[.tasks("function")]?.count == 1
                }
            }
            #expect(try await bench.status(attempts[2]) == .dispatched)
            try await bench.settling(until: "the third is completed, too") {
                try await bench.status(attempts[2]) == .completed
            }
        }
    }

    @Test("with the broker away runs are taken from the store and settled there")
    func brokerAway() async throws {
        let bench = try WorkerBench()
        bench.queue.change { $0.isConnected = false }
        try await bench.withWorker {
            let task = try await bench.task()
            let now = VirtualClock.start
            let new = (0..<20).map { _ in NewRun(id: .next(at: now), task: task.id) }
            for result in try await bench.store.runs.enqueue([new]) { _ = try result.get() }
            try await eventually("all are completed") {
                try await bench.store.runs.find(new.map(\.id), tenant: .default).allSatisfy { $0.status == .completed }
            }
        }
        #expect(bench.queue.outcomes.isEmpty)
    }

    @Test("an outcome whose broker goes away is settled in the store")
    func brokerGoesAway() async throws {
        let bench = try WorkerBench()
        let gate = Gate()
        bench.functions.register("gate", gate.function)
        try await bench.withWorker {
            let attempts = try await bench.dispatched(1, of: try await bench.task(.fixture(command: "gate")))
            bench.queue.offer(attempts)
            try await eventually("it has started") { gate.starts.count == 1 }
            bench.queue.change { $0.isConnected = false }
            gate.open()
            try await eventually("it is completed") { try await bench.status(attempts[0]) == .completed }
        }
    }
}
