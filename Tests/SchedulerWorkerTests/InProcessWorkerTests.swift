import SchedulerApplication
import SchedulerDomain
import SchedulerInfrastructure
import SchedulerTestingUtils
import Testing

@testable import SchedulerWorker

@Suite("Worker on the in-process queue")
struct InProcessWorkerTests {
    @Test("more runs than slots all complete, each on its first attempt")
    func completes() async throws {
        let bench = try WorkerBench(slots: 4)
        let queue = InProcessMessageQueue()
        let (store, total) = (bench.store, 200)
        try await bench.withWorker(queue: queue) {
            let task = try await bench.task()
            let new = (0..<total).map { _ in NewRun(id: .next(at: VirtualClock.start), task: task.id) }
            for result in try await store.runs.enqueue([new]) { _ = try result.get() }
            let status = try await queue.subscribe(to: .status, prefetch: 50)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await batch in status.deliveries {
                        for delivery in batch {
                            _ = try await store.runs.settle(MessageDecoder.outcomes(in: delivery.body))
                        }
                        await status.acknowledge(batch)
                    }
                }
                try await eventually("all are completed") {
                    let picked = try await store.runs.pick(limit: 32).runs.map(\.attempt)
                    if !picked.isEmpty {
                        let body = TaskExecutionMessage(attempts: picked).encoded(at: VirtualClock.start)
                        _ = await queue.publish([OutgoingMessage(route: .tasks("function"), body: body)])
                    }
                    let runs = try await store.runs.find(new.map(\.id), tenant: .default)
                    return runs.allSatisfy { $0.status == .completed && $0.attempt == 1 }
                }
                await status.cancel()
                try await group.waitForAll()
            }
        }
    }
}
