import Logging
import SchedulerApplication
import SchedulerDomain
import SchedulerTestingUtils
import Synchronization
import Testing

@Suite("Tasks that are due and do not fire")
struct FireSetbacksTests {
    private let clock = VirtualClock()
    private let store: InMemoryStore

    init() {
        let clock = clock
        store = InMemoryStore(now: { clock.now })
    }

    private func dispatcher(
        _ tasks: (any TaskRepository)? = nil, zones: ChangingZones = ChangingZones(), batch: Int = 500,
        reports: Reports = Reports()
    ) -> FireDueTasks {
        FireDueTasks(
            tasks: tasks ?? store.tasks, wakeUps: store.wakeUps, decider: FireTimesDecider(zones: zones), batch: batch,
            clock: clock, logger: Logger(label: "test") { _ in reports })
    }

    private func tasks(_ count: Int, in zone: String, overlap: OverlapPolicy = .queue) async throws -> [TaskID] {
        let drafts = (0..<count).map { number in
            var spec = TaskSpec.fixture(name: "\(zone)-\(number)", schedule: "* * * * *", maxConcurrent: 1)
            spec.timezone = zone
            spec.overlapPolicy = overlap
            return TaskDraft(spec: spec, nextRunAt: clock.now)
        }
        return try await store.tasks.create(drafts).map(\.id)
    }

    @Test("tasks whose zone is gone hide none of the others, are reported once, and fire when it is back")
    func unreadable() async throws {
        let zones = ChangingZones()
        _ = try await tasks(5, in: "Europe/Berlin")
        let others = try await tasks(3, in: "Europe/Paris")
        zones.publish("2027b", "Europe/Berlin", follows: nil)
        let reports = Reports()
        let dispatcher = dispatcher(zones: zones, batch: 2, reports: reports)
        var created = 0
        for _ in 0..<6 {
            let pass = try await dispatcher()
            created += pass.runsCreated
        }
        #expect(created == others.count)
        #expect(reports.count == 5)
        // With nothing else to do it sleeps, and does not ask again and again for what it cannot read.
        let idle = try await dispatcher()
        #expect(idle.nextFireIn == .seconds(60))
        clock.advance(by: .seconds(60))
        for _ in 0..<6 { _ = try await dispatcher() }
        #expect(reports.count == 5)
        zones.publish("2027c", "Europe/Berlin", follows: "Europe/Berlin")
        clock.advance(by: .seconds(60))
        created = 0
        for _ in 0..<6 { created += try await dispatcher().runsCreated }
        #expect(created > others.count)
    }

    @Test("the wait until the next fire time is shorter by what the pass took")
    func ownWork() async throws {
        _ = try await tasks(1, in: "UTC")
        let slow = HeldTaskRepository(base: store.tasks, clock: clock, duration: .milliseconds(250))
        #expect(try await dispatcher(slow)().nextFireIn == .milliseconds(59_750))
    }

    @Test("tasks that somebody else holds are tried again after a pause, however many are due, and then waited for")
    func held() async throws {
        let ids = try await tasks(4, in: "UTC")
        let tasks = HeldTaskRepository(base: store.tasks, clock: clock)
        let dispatcher = dispatcher(tasks, batch: 2)
        tasks.hold(Set(ids.prefix(2)))
        for _ in 0..<2 {
            let pass = try await dispatcher()
            #expect(pass.runsCreated == 0)
            let pause = try #require(pass.nextFireIn)
            #expect(pause > .zero && pause <= .milliseconds(200))
        }
        #expect(try await dispatcher().runsCreated == 4)
        #expect(tasks.fires.map(\.waits) == [false, false, true, false])
    }

    @Test("a burst is fired batch after batch, without what somebody else holds of it")
    func burst() async throws {
        let ids = try await tasks(9, in: "UTC")
        let tasks = HeldTaskRepository(base: store.tasks, clock: clock)
        tasks.hold([ids[1]])
        let pass = try await dispatcher(tasks, batch: 2)()
        #expect(pass.runsCreated == 8)
        #expect(tasks.fires.map(\.tasks.count) == [2, 2, 2, 2, 1])
        let pause = try #require(pass.nextFireIn)
        #expect(pause > .zero && pause <= .milliseconds(200))
    }

    @Test("of a burst that never ends a pass is a part, and the next one follows without a pause")
    func endless() async throws {
        _ = try await tasks(50, in: "UTC")
        let pass = try await dispatcher(batch: 2)()
        #expect(pass.runsCreated == 40)
        #expect(pass.nextFireIn == .zero)
    }

    @Test("a dispatcher that stands by fires what was left lying, and nothing sooner")
    func standby() async throws {
        _ = try await tasks(1, in: "UTC")
        let dispatcher = dispatcher()
        let early = try await dispatcher(standby: .seconds(1))
        #expect(early.runsCreated == 0 && early.nextFireIn == .seconds(1))
        clock.advance(by: .seconds(1))
        let late = try await dispatcher(standby: .seconds(1))
        #expect(late.runsCreated == 1 && late.nextFireIn == .seconds(60))
    }

    @Test("what ends other runs is fired alone, since it holds more than its task")
    func displacing() async throws {
        let plain = try await tasks(2, in: "UTC")
        let displacing = try await tasks(2, in: "Europe/London", overlap: .cancelRunning)
        let tasks = HeldTaskRepository(base: store.tasks, clock: clock)
        #expect(try await dispatcher(tasks)().runsCreated == 4)
        #expect(Set(tasks.fires.map { Set($0.tasks) }) == Set([Set(plain)] + displacing.map { [$0] }))
    }
}

/// Counts the errors that are logged.
private struct Reports: LogHandler {
    private final class Count: Sendable { let value = Mutex(0) }

    private let errors = Count()
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    var count: Int { errors.value.withLock { $0 } }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        if event.level == .error { errors.value.withLock { $0 += 1 } }
    }
}
