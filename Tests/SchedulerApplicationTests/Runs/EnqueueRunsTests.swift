import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@Suite("Enqueueing runs")
struct EnqueueRunsTests {
    private let clock = VirtualClock()

    private func make() async throws -> (store: InMemoryStore, faulty: FaultyTaskRunRepository, task: TaskDefinition) {
        let clock = clock
        let store = InMemoryStore(now: { clock.now })
        let task = try await store.tasks.create([TaskDraft(spec: .fixture())])[0]
        return (store, FaultyTaskRunRepository(base: store.runs), task)
    }

    private let unknown = SchedulerError(.outcomeUnknown, "the answer was lost")
    private let away = SchedulerError(.storeUnavailable, "the store is away")

    @Test(
        "a commit whose answer was lost is found again, also when the store was away in between, and nothing is doubled"
    )
    func lostAnswer() async throws {
        let (store, faulty, task) = try await make()
        faulty.fail(.enqueue, with: [.after(unknown), .before(away), .before(away)])
        let enqueue = EnqueueRuns(runs: faulty, wakeUps: store.wakeUps)
        let id = RunID(at: clock.now)
        let runs = try await enqueue([NewRun(id: id, task: task.id)])
        #expect(runs.map(\.id) == [id])
        #expect(try await store.runs.list(TaskRunQuery(task: task.id)).items.count == 1)
    }

    @Test("a store that is away from the start is said at once")
    func away() async throws {
        let (store, faulty, task) = try await make()
        faulty.fail(.enqueue, with: [.before(away)])
        let enqueue = EnqueueRuns(runs: faulty, wakeUps: store.wakeUps)
        let error = await #expect(throws: SchedulerError.self) {
            try await enqueue([NewRun(id: RunID(at: clock.now), task: task.id)])
        }
        #expect(error?.code == .storeUnavailable)
        #expect(try await store.runs.list(TaskRunQuery(task: task.id)).items.isEmpty)
    }
}
