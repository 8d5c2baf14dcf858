import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerTestingUtils
import Testing

@Suite("Creating and changing tasks")
struct EditTaskTests {
    private let clock = VirtualClock()
    private let store: InMemoryStore
    private let service: TaskService

    init() {
        let clock = clock
        store = InMemoryStore(now: { clock.now })
        service = TaskService(store: store, clock: clock)
    }

    private func create(_ changes: [String: JSONValue] = [:]) async throws -> TaskDefinition {
        let members: [String: JSONValue] = [
            "name": "tick", "executor": "shell", "command": "date", "schedule": "0 * * * * *",
        ]
        return try await service.create(TaskBody(.object(members.merging(changes) { $1 })), creator: "api")
    }

    private func scheduledRuns() async throws -> [UTCInstant] {
        try await store.runs.list(TaskRunQuery()).items.filter { $0.trigger == .scheduled }.map(\.scheduledAt)
    }

    @Test("an active task gets its first fire time, a draft and a paused one none")
    func creating() async throws {
        let task = try await create()
        #expect(task.nextRunAt == clock.now.advanced(by: .seconds(60)))
        #expect(task.createdBy == "api")
        #expect(task.version == 1)
        for status in ["created", "paused"] {
            let task = try await create(["name": .string(status), "status": .string(status)])
            #expect(task.nextRunAt == nil)
            #expect(task.status.rawValue == status)
        }
    }

    @Test("a schedule that is over before it begins is refused")
    func overBeforeItBegins() async throws {
        let error = await #expect(throws: SchedulerError.self) {
            try await create(["end_date": "2026-11-21T00:59:00Z"])
        }
        #expect(error?.faults.map(\.field) == ["end_date"])
        let window: [String: JSONValue] = [
            "schedule": "0 0 12 * * *", "start_date": "2026-11-22T13:00:00Z", "end_date": "2026-11-22T14:00:00Z",
        ]
        let other = await #expect(throws: SchedulerError.self) { try await create(window) }
        #expect(other?.faults.map(\.field) == ["schedule"])
    }

    @Test("a second task of the same name is refused")
    func nameIsTaken() async throws {
        _ = try await create()
        let error = await #expect(throws: SchedulerError.self) { try await create() }
        #expect(error?.code == .alreadyExists)
    }

    @Test("an edit computes the next fire time from the change")
    func editReschedules() async throws {
        let task = try await create()
        clock.advance(by: .seconds(10))
        let edited = try await service.update(task.id, TaskBody(["schedule": "30 * * * * *"]))
        #expect(edited.version == 2)
        #expect(edited.nextRunAt == VirtualClock.start.advanced(by: .seconds(30)))
        #expect(try await scheduledRuns().isEmpty)
    }

    @Test("an edit that changes nothing makes no version")
    func nothingChanges() async throws {
        let task = try await create()
        #expect(try await service.update(task.id, TaskBody(["command": "date"])) == task)
    }

    @Test("fire times of the old schedule that are due are decided with the edit, once")
    func dueFiresAreDecided() async throws {
        let task = try await create()
        clock.advance(by: .seconds(61))
        let edited = try await service.update(task.id, TaskBody(["schedule": "0 0 * * * *"]))
        #expect(try await scheduledRuns() == [VirtualClock.start.advanced(by: .seconds(60))])
        #expect(edited.nextRunAt == VirtualClock.start.advanced(by: .seconds(3_600)))
        #expect(edited.executionCount == 1)
    }

    @Test("pausing decides what is due and clears the next fire time; resuming goes on from now")
    func pauseAndResume() async throws {
        let task = try await create()
        clock.advance(by: .seconds(60))
        let paused = try await service.pause(task.id)
        #expect(paused.status == .paused)
        #expect(paused.nextRunAt == nil)
        #expect(try await scheduledRuns().count == 1)
        #expect(try await service.pause(task.id) == paused)
        clock.advance(by: .seconds(600))
        let resumed = try await service.resume(task.id)
        #expect(resumed.status == .active)
        #expect(resumed.version == 1)
        #expect(resumed.nextRunAt == clock.now.advanced(by: .seconds(60)))
        #expect(try await service.resume(task.id) == resumed)
        #expect(try await scheduledRuns().count == 1)
    }

    @Test("where the store's clock went back, resuming goes on after what was decided, so nothing fires twice")
    func clockWentBack() async throws {
        let start = clock.now
        let task = try await create()
        clock.advance(by: .seconds(61))
        _ = try await service.pause(task.id)
        #expect(try await scheduledRuns() == [start.advanced(by: .seconds(60))])
        clock.set(to: start)
        let resumed = try await service.resume(task.id)
        #expect(resumed.nextRunAt == start.advanced(by: .seconds(120)))
    }

    private func ledger(_ task: TaskDefinition) async throws -> [FireRecord] {
        try await store.tasks.fires(of: task.id, in: .distantPast ..< .distantFuture, limit: 100)
    }

    @Test("what a pause left out comes into the ledger when it ends, as one series")
    func pauseInLedger() async throws {
        let start = clock.now
        let task = try await create()
        #expect(try await service.pause(task.id).pausedAt == start)
        clock.advance(by: .seconds(600))
        #expect(try await ledger(task).isEmpty)
        let resumed = try await service.resume(task.id)
        #expect(resumed.pausedAt == nil)
        let lines = try await ledger(task)
        #expect(lines.map(\.skipped) == [.paused])
        #expect(lines.map(\.scheduledAt) == [start.advanced(by: .seconds(60))])
        #expect(lines.map(\.lastScheduledAt) == [start.advanced(by: .seconds(600))])
        #expect(lines.map(\.version) == [1])
    }

    @Test("a schedule edited while paused brings what the old one missed into the ledger; another edit does not")
    func editWhilePaused() async throws {
        let start = clock.now
        let task = try await create()
        _ = try await service.pause(task.id)
        clock.advance(by: .seconds(120))
        let renamed = try await service.update(task.id, TaskBody(["command": "true"]))
        #expect(renamed.pausedAt == start)
        #expect(try await ledger(task).isEmpty)
        let edited = try await service.update(task.id, TaskBody(["schedule": "0 */10 * * * *"]))
        #expect(edited.status == .paused && edited.nextRunAt == nil)
        #expect(edited.pausedAt == clock.now)
        #expect(try await ledger(task).map(\.lastScheduledAt) == [start.advanced(by: .seconds(120))])
        clock.advance(by: .seconds(1_200))
        _ = try await service.resume(task.id)
        let lines = try await ledger(task)
        #expect(lines.map(\.version) == [2, 3])
        #expect(lines.last?.scheduledAt == start.advanced(by: .seconds(600)))
        #expect(lines.last?.lastScheduledAt == start.advanced(by: .seconds(1_200)))
    }

    @Test("an edit of a task with many runs that wait counts them all")
    func waitingIsCounted() async throws {
        let task = try await create(["max_concurrent": 0])
        // As many manual runs as a page of a list holds, and more, are no scheduled ones.
        let runs = (0..<600).map { _ in NewRun(id: .next(at: clock.now), task: task.id) }
        _ = try await store.runs.enqueue([runs])
        let waiting = (0..<100).map {
            NewRun(id: .next(at: clock.now.advanced(by: .seconds(-$0))), task: task.id, trigger: .scheduled)
        }
        _ = try await store.runs.enqueue([waiting])
        clock.advance(by: .seconds(60))
        _ = try await service.update(task.id, TaskBody(["command": "true"]))
        #expect(try await ledger(task).map(\.skipped) == [.overlap])
    }

    @Test("what may free held runs wakes the picker: resuming, and another limit", .timeLimit(.minutes(1)))
    func wakesThePicker() async throws {
        let task = try await create()
        _ = try await service.pause(task.id)
        var hints = store.wakeUps.stream().makeAsyncIterator()
        _ = try await service.resume(task.id)
        #expect(Set([await hints.next(), await hints.next()]) == [.tasks, .runs])
        _ = try await service.update(task.id, TaskBody(.object(["max_concurrent": 7])))
        #expect(Set([await hints.next(), await hints.next()]) == [.tasks, .runs])
    }

    @Test("a draft can be resumed but not paused")
    func drafts() async throws {
        let draft = try await create(["status": "created"])
        let error = await #expect(throws: SchedulerError.self) { try await service.pause(draft.id) }
        #expect(error?.code == .conflict)
        #expect(try await service.resume(draft.id).status == .active)
    }

    @Test("a task that has had all its runs is resumed only after the limit was raised")
    func exhausted() async throws {
        let task = try await create(["max_executions": 1])
        clock.advance(by: .seconds(60))
        let ended = try await service.update(task.id, TaskBody(["description": "late"]))
        #expect(ended.status == .inactive)
        #expect(ended.nextRunAt == nil)
        let error = await #expect(throws: SchedulerError.self) { try await service.resume(task.id) }
        #expect(error?.code == .conflict)
        _ = try await service.update(task.id, TaskBody(["max_executions": 2]))
        #expect(try await service.resume(task.id).nextRunAt == clock.now.advanced(by: .seconds(60)))
    }

    @Test("an edit that others overtake is made again on what they left")
    func overtaken() async throws {
        let task = try await create()
        let tasks = OvertakenTaskRepository(base: store.tasks, times: 2)
        let service = TaskService(store: OvertakenStore(base: store, tasks: tasks), clock: clock)
        let edited = try await service.update(task.id, TaskBody(["command": "true"]))
        #expect(edited.spec.command == "true")
        #expect(edited.spec.description == "overtaken 2")
        #expect(edited.version == 4)
    }

    @Test("an edit that is overtaken three times is a conflict")
    func overtakenForGood() async throws {
        let task = try await create()
        let tasks = OvertakenTaskRepository(base: store.tasks, times: 3)
        let service = TaskService(store: OvertakenStore(base: store, tasks: tasks), clock: clock)
        let error = await #expect(throws: SchedulerError.self) {
            try await service.update(task.id, TaskBody(["command": "true"]))
        }
        #expect(error?.code == .conflict)
    }

    @Test("a deleted task is gone, with its pending runs")
    func deleting() async throws {
        let task = try await create()
        let run = try await service.trigger(task.id)
        try await service.delete(task.id)
        #expect(try await service.findRun(run.id).status == .cancelled)
        let missing = await #expect(throws: SchedulerError.self) { try await service.find(task.id) }
        #expect(missing?.code == .notFound)
        let unpaused = await #expect(throws: SchedulerError.self) { try await service.pause(task.id) }
        #expect(unpaused?.code == .notFound)
        let error = await #expect(throws: SchedulerError.self) { try await service.delete(task.id) }
        #expect(error?.code == .notFound)
    }
}
