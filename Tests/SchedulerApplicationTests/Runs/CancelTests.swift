import Logging
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@Suite("Cancelling", .timeLimit(.minutes(1)))
struct CancelTests {
    private let clock = VirtualClock()
    private let store: InMemoryStore
    private let service: TaskService
    private let data: TestDataFactory

    init() {
        let clock = clock
        store = InMemoryStore(now: { clock.now })
        service = TaskService(store: store, clock: clock)
        data = TestDataFactory(store: store, clock: clock)
    }

    @Test("a run that has not started ends at once and wakes the picker; asking twice is fine")
    func waiting() async throws {
        let run = try await data.runs(1, of: try await data.task())[0]
        var hints = store.wakeUps.stream().makeAsyncIterator()
        let first = try await service.cancelRun(run.id, reason: "not needed")
        #expect(first.result == .ended)
        #expect(first.run.status == .cancelled)
        #expect(first.run.errorMessage == "not needed")
        #expect(await hints.next() == .runs)
        let second = try await service.cancelRun(run.id)
        #expect(second.result == .alreadyEnded)
        #expect(second.run == first.run)
    }

    @Test("a running run is asked to end, and its worker is named in the wake-up, each time")
    func running() async throws {
        let worker = try await data.worker()
        let run = try await data.runs(1, of: try await data.task())[0]
        _ = try await data.start(on: worker)
        var hints = store.wakeUps.stream().makeAsyncIterator()
        for _ in 0..<2 {
            let answer = try await service.cancelRun(run.id)
            #expect(answer.result == .requested(on: worker.id))
            #expect(answer.run.status == .running)
            #expect(answer.run.cancelRequestedAt == clock.now)
            #expect(await hints.next() == .worker(worker.id))
        }
    }

    @Test(
        "a run that ended in another way is a conflict that says how; an unknown one and another tenant's is not found")
    func refused() async throws {
        let worker = try await data.worker()
        let run = try await data.runs(1, of: try await data.task())[0]
        let attempt = try await data.start(on: worker)[0].attempt
        _ = try await store.runs.settle([data.outcome(.success, of: attempt, on: worker)])
        let ended = await #expect(throws: SchedulerError.self) { try await service.cancelRun(run.id) }
        #expect(ended?.code == .conflict)
        #expect(ended?.message.contains("completed") == true)
        for (id, tenant) in [(RunID.next(at: clock.now), TenantID.default), (run.id, TenantID("other"))] {
            let missing = await #expect(throws: SchedulerError.self) { try await service.cancelRun(id, tenant: tenant) }
            #expect(missing?.code == .notFound)
        }
    }

    @Test("a workflow is cancelled as a whole, and every worker that runs a part of it is told")
    func workflow() async throws {
        let task = try await data.task()
        let workflow = RunID.next(at: clock.now)
        let runs = (0..<3).map { _ in
            var run = data.newRun(of: task)
            run.workflow = workflow
            return run
        }
        _ = try await store.runs.enqueue([runs])
        let worker = try await data.worker(slots: 1)
        _ = try await data.start(on: worker)
        var hints = store.wakeUps.stream().makeAsyncIterator()
        let results = try await service.cancelWorkflow(workflow)
        #expect(results.values.count { $0 == .ended } == 2)
        #expect(results.values.count { $0 == .requested(on: worker.id) } == 1)
        #expect(Set([await hints.next(), await hints.next()]) == [.runs, .worker(worker.id)])
        let missing = await #expect(throws: SchedulerError.self) {
            try await service.cancelWorkflow(.next(at: clock.now))
        }
        #expect(missing?.code == .notFound)
    }

    @Test("deleting a task wakes the workers that run it")
    func deletion() async throws {
        let task = try await data.task()
        var hints = store.wakeUps.stream().makeAsyncIterator()
        _ = try await service.delete(task.id)
        #expect(Set([await hints.next(), await hints.next(), await hints.next()]) == Set(WakeUp.all))
    }

    @Test("cancelling a backfill wakes the workers that run it")
    func backfill() async throws {
        let task = try await data.task(.fixture(schedule: "0 * * * * *"))
        let (from, to) = (clock.now.advanced(by: .seconds(-300)), clock.now.advanced(by: .seconds(-60)))
        let backfill = try await service.backfill(task.id, BackfillBody(from: from, to: to)).backfill
        var hints = store.wakeUps.stream().makeAsyncIterator()
        _ = try await service.cancelBackfill(backfill.id, of: task.id)
        #expect(Set([await hints.next(), await hints.next()]) == [.runs, .workers])
    }

    @Test("a fire time that takes the place of what runs wakes the workers")
    func displacement() async throws {
        var spec = TaskSpec.fixture(schedule: "* * * * * *", maxConcurrent: 1)
        spec.overlapPolicy = .cancelRunning
        _ = try await data.task(spec, next: clock.now)
        var hints = store.wakeUps.stream().makeAsyncIterator()
        _ = try await FireDueTasks(tasks: store.tasks, wakeUps: store.wakeUps, logger: Logger(label: "test"))()
        #expect(Set([await hints.next(), await hints.next()]) == [.runs, .workers])
    }
}
