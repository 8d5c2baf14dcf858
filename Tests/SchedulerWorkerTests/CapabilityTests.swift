import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("Capability")
struct CapabilityTests {
    @Test("a worker says what it can execute, also when that changes while it works")
    func advertises() async throws {
        let bench = try WorkerBench()
        try await bench.withWorker {
            let before = try await bench.online().first?.executors
            #expect(before == bench.executors.names)
            bench.executors.register(LateExecutor())
            try await eventually("the store knows the new one") {
                try await bench.online().first?.executors?.contains("late") == true
            }
        }
    }

    @Test("a run that waits for an executor starts as soon as a worker has it")
    func startsLater() async throws {
        let bench = try WorkerBench()
        bench.queue.change { $0.isConnected = false }
        try await bench.withWorker {
            let task = try await bench.task(.fixture(executor: "late"))
            let run = try await TaskService(store: bench.store).trigger(task.id, .empty)
            let reasons = try await TaskService(store: bench.store).explainRun(run.id).reasons
            #expect(reasons == [.noExecutor("late", type: "function")])
            bench.executors.register(LateExecutor())
            try await eventually("it is completed") { try await bench.run(run.id).status == .completed }
            #expect(try await bench.run(run.id).attempt == 1)
        }
    }

    @Test("a worker that gets a run which it cannot execute hands it back, with the reason and for a while")
    func handsBack() async throws {
        let bench = try WorkerBench()
        try await bench.withWorker {
            // One of an earlier release does not say what it can, so the picker counts on it.
            try await bench.store.workers.register(WorkerInfoBuilder(at: VirtualClock.start).build())
            let attempt = try await bench.dispatched(1, of: try await bench.task(.fixture(executor: "late")))[0]
            bench.queue.offer([attempt])
            try await bench.settling(until: "it is back") { try await bench.run(attempt.run).interruptions == 1 }
            let run = try await bench.run(attempt.run)
            #expect(run.status == .pending)
            #expect(run.failures == 0)
            #expect(run.dueAt > run.updatedAt)
            let record = try await bench.store.runs.attempts(of: run.id).first
            #expect(record?.ending == .interruption)
            #expect(record?.errorMessage == "handed back: this worker has no executor \"late\"")
        }
    }
}

private struct LateExecutor: RunExecutor {
    let name = "late"

    func supports(taskType: String) -> Bool { true }

    func execute(_ run: RunContext) async throws -> TaskResult {
        TaskResult(success: true, startedAt: run.scheduledAt, completedAt: run.scheduledAt)
    }
}
