import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@testable import SchedulerAPI

@Suite("Draining workers", .timeLimit(.minutes(1)))
struct WorkerRoutesTests {
    @Test("a worker can be looked at and asked to drain, more than once; it is named in the wake-up")
    func drain() async throws {
        let bench = APITestBench()
        let worker = try await TestDataFactory(store: bench.store, clock: bench.clock).worker()
        let path = "/api/workers/\(worker.id)"
        try await bench.run(.router) { client in
            #expect(try await client.get(path).data?["drain_requested_at"] == .some(.null))
            var hints = bench.store.wakeUps.stream().makeAsyncIterator()
            for _ in 0..<2 {
                let answer = try await client.post("\(path)/drain")
                #expect(answer.status == 200)
                #expect(answer.data?["id"] == .string(worker.id.description))
                #expect(answer.data?["status"] == "online")
                #expect(answer.data?["drain_requested_at"] == "2026-11-21T01:00:00Z")
                #expect(await hints.next() == .worker(worker.id))
            }
            #expect(try await client.get(path).data?["drain_requested_at"] == "2026-11-21T01:00:00Z")
        }
    }

    @Test("an offline worker cannot drain, and one that does not exist is not found")
    func refused() async throws {
        let bench = APITestBench()
        let worker = try await TestDataFactory(store: bench.store, clock: bench.clock).worker()
        try await bench.store.workers.leave(worker.id)
        try await bench.run(.router) { client in
            let gone = try await client.post("/api/workers/\(worker.id)/drain")
            #expect(gone.status == 409)
            #expect(gone.errorCode == "CONFLICT")
            let unknown = "/api/workers/00000000-0000-7000-8000-000000000000"
            #expect(try await client.get(unknown).status == 404)
            #expect(try await client.post("\(unknown)/drain").status == 404)
            #expect(try await client.get("/api/workers/1").status == 400)
            #expect(try await client.post("/api/workers/\(worker.id)/drain", ["now": true]).status == 400)
            #expect(try await client.get("/api/workers/\(worker.id)/drain").status == 405)
        }
    }

    @Test("a worker whose process is more than a worker is not drained alone")
    func notAllowed() async throws {
        let clock = VirtualClock()
        let store = InMemoryStore(now: { clock.now })
        let worker = try await TestDataFactory(store: store, clock: clock).worker()
        let service = TaskService(store: store, drainsWorkers: false)
        let refused = await #expect(throws: SchedulerError.self) { try await service.drainWorker(worker.id) }
        #expect(refused?.code == .conflict)
        #expect(try await service.findWorker(worker.id).drainRequestedAt == nil)
        let unknown = await #expect(throws: SchedulerError.self) {
            try await service.drainWorker(.fresh(at: clock.now))
        }
        #expect(unknown?.code == .notFound)
    }
}
