import Logging
import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import SchedulerTestingUtils
import Testing

@Suite("Following the time zones")
struct FollowZonesTests {
    private let clock = VirtualClock(now: UTCInstant("2027-05-01T12:00:00Z") ?? .epoch)
    private let store: InMemoryStore
    private let zones = ChangingZones()
    private let data: TestDataFactory

    init() {
        let clock = clock
        store = InMemoryStore(now: { clock.now })
        data = TestDataFactory(store: store, clock: clock)
    }

    /// A task of every night at two in Berlin, as it is created.
    private func nightly(_ name: String = "nightly", _ timezone: String = "Europe/Berlin") async throws
        -> TaskDefinition
    {
        let spec = TaskSpec.fixture(name: name, schedule: "0 2 * * *", timezone: timezone)
        return try await data.task(spec, next: FireTimes(of: spec, zones: zones)?.next(after: clock.now))
    }

    private func follow(_ settings: (any ZoneSettings)? = nil, batch: Int = 500) -> FollowZones {
        FollowZones(
            settings: settings ?? store.zoneSettings, zones: zones, wakeUps: store.wakeUps, batch: batch,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func term() async throws -> LockLease {
        try #require(try await store.locks.acquire("leader", owner: "leader", timeToLive: .seconds(10)))
    }

    private func next(_ task: TaskDefinition) async throws -> String? {
        try await data.task(task.id).nextRunAt?.description
    }

    private func abolishDaylightSaving() { zones.publish("2027b", "Europe/Berlin", follows: "Africa/Algiers") }

    @Test("where Berlin gives up daylight saving, stored fire times move, and only those")
    func rulesChange() async throws {
        let berlin = try await nightly()
        let london = try await nightly("london", "Europe/London")
        let term = try await term()
        #expect(try await follow()(term: term) == 0)
        #expect(try await next(berlin) == "2027-05-02T00:00:00Z")
        abolishDaylightSaving()
        #expect(try await follow()(term: term) == 1)
        #expect(try await next(berlin) == "2027-05-02T01:00:00Z")
        #expect(try await next(london) == "2027-05-02T01:00:00Z")
        #expect(try await data.task(berlin.id).version == 1)
        #expect(try await store.zoneSettings.zoneProgress() == ZoneProgress(version: "2027b", completedAt: clock.now))
    }

    @Test("once a release is confirmed by a second pass, no task is read")
    func sameRelease() async throws {
        _ = try await nightly()
        let settings = StoppedZoneSettings(store.zoneSettings)
        try await follow(settings)(term: try await term())
        clock.advance(by: .seconds(120))
        try await follow(settings)(term: try await term())
        #expect(try await store.zoneSettings.zoneProgress()?.isConfirmed == true)
        #expect(settings.reads == [nil, nil])
        try await follow(settings)(term: try await term())
        #expect(settings.reads == [nil, nil])
    }

    @Test("what another process stores by the old rules shortly after the first pass is found by a second one")
    func lateProcess() async throws {
        abolishDaylightSaving()
        #expect(try await follow()(term: try await term()) == 0)
        let late = TaskService(store: store, clock: clock, decider: FireTimesDecider(zones: SystemZones.shared))
        clock.advance(by: .seconds(59))
        let task = try await late.create(
            TaskBody([
                "name": "late", "task_type": "shell", "command": "true", "schedule": "0 2 * * *",
                "timezone": "Europe/Berlin",
            ]))
        #expect(try await next(task) == "2027-05-02T00:00:00Z")
        clock.advance(by: .seconds(60))
        #expect(try await follow()(term: try await term()) == 0)
        #expect(try await next(task) == "2027-05-02T00:00:00Z")
        clock.advance(by: .seconds(1))
        #expect(try await follow()(term: try await term()) == 1)
        #expect(try await next(task) == "2027-05-02T01:00:00Z")
    }

    @Test("a second pass that is stopped in the middle goes on after its last batch")
    func restartedConfirmation() async throws {
        var tasks: [TaskDefinition] = []
        for number in 1...5 { tasks.append(try await nightly("nightly \(number)")) }
        try await follow()(term: try await term())
        clock.advance(by: .seconds(120))
        let first = StoppedZoneSettings(store.zoneSettings, failing: (move: 2, .before))
        let firstTerm = try await term()
        await #expect(throws: SchedulerError.self) { try await follow(first, batch: 2)(term: firstTerm) }
        let second = StoppedZoneSettings(store.zoneSettings)
        try await follow(second, batch: 2)(term: try await term())
        #expect(second.reads == [tasks[1].id, tasks[3].id])
        #expect(try await store.zoneSettings.zoneProgress()?.isConfirmed == true)
    }

    @Test("a fire time that has passed by the new rules is due at once, for the misfire policy to decide")
    func passed() async throws {
        // Nightly at two in Algiers' time; with Berlin's summer time two o'clock has been at midnight UTC.
        zones.publish("2027a", "Europe/Berlin", follows: "Africa/Algiers")
        let task = try await nightly()
        #expect(try await next(task) == "2027-05-02T01:00:00Z")
        clock.set(to: at("2027-05-02T00:30:00Z"))
        zones.publish("2027b", "Europe/Berlin", follows: "Europe/Berlin")
        #expect(try await follow()(term: try await term()) == 1)
        #expect(try await next(task) == "2027-05-02T00:00:00Z")
        let stored = try await data.task(task.id)
        let decider = FireTimesDecider(zones: zones)
        let decision = try #require(try decider.decision(for: stored, load: .none, now: clock.now))
        #expect(decision.runs.map(\.scheduledAt) == [at("2027-05-02T00:00:00Z")])
        #expect(decision.next == at("2027-05-03T00:00:00Z"))
    }

    @Test("a fire time that was decided by the old rules is not decided again where it is later by the new ones")
    func decidedBefore() async throws {
        let task = try await nightly()
        clock.set(to: at("2027-05-02T00:00:00Z"))
        _ = try await store.tasks.fire([
            FireDecision(
                task: task.id, tenant: task.tenant, version: 1, from: clock.now,
                runs: [NewRun(id: .next(at: clock.now), task: task.id, trigger: .scheduled, scheduledAt: clock.now)],
                next: at("2027-05-03T00:00:00Z"))
        ])
        // By the new rules it would have been at 01:00.
        clock.set(to: at("2027-05-02T01:30:00Z"))
        abolishDaylightSaving()
        #expect(try await follow()(term: try await term()) == 1)
        #expect(try await next(task) == "2027-05-03T01:00:00Z")
    }

    @Test("an edit counts fire times from itself on, by whatever rules")
    func editedBefore() async throws {
        zones.publish("2027a", "Europe/Berlin", follows: "Africa/Algiers")
        clock.set(to: at("2027-05-02T00:15:00Z"))
        let task = try await nightly()
        #expect(try await next(task) == "2027-05-02T01:00:00Z")
        clock.set(to: at("2027-05-02T00:30:00Z"))
        zones.publish("2027b", "Europe/Berlin", follows: "Europe/Berlin")
        #expect(try await follow()(term: try await term()) == 1)
        #expect(try await next(task) == "2027-05-03T00:00:00Z")
    }

    private func at(_ text: String) -> UTCInstant { UTCInstant(text) ?? .epoch }

    @Test("a fire time that is due stays as the old rules decided")
    func due() async throws {
        let berlin = try await nightly()
        abolishDaylightSaving()
        clock.set(to: UTCInstant("2027-05-02T00:00:00Z") ?? .epoch)
        #expect(try await follow()(term: try await term()) == 0)
        #expect(try await next(berlin) == "2027-05-02T00:00:00Z")
    }

    @Test("a task that is edited meanwhile keeps what the edit made of it")
    func edited() async throws {
        let berlin = try await nightly()
        let other = try await nightly("other")
        abolishDaylightSaving()
        let service = TaskService(store: store, clock: clock, decider: FireTimesDecider(zones: zones))
        let settings = StoppedZoneSettings(store.zoneSettings) {
            _ = try await service.update(berlin.id, TaskBody(["schedule": "0 5 * * *"]))
        }
        #expect(try await follow(settings)(term: try await term()) == 1)
        #expect(try await next(berlin) == "2027-05-02T04:00:00Z")
        #expect(try await next(other) == "2027-05-02T01:00:00Z")
    }

    @Test(
        "a leader that ends in the middle is followed by one that goes on after its last batch",
        arguments: [StoppedZoneSettings.Failure.before, .after])
    func restart(failure: StoppedZoneSettings.Failure) async throws {
        var tasks: [TaskDefinition] = []
        for number in 1...5 { tasks.append(try await nightly("nightly \(number)")) }
        abolishDaylightSaving()
        let first = StoppedZoneSettings(store.zoneSettings, failing: (move: 2, failure))
        let firstTerm = try await term()
        await #expect(throws: SchedulerError.self) { try await follow(first, batch: 2)(term: firstTerm) }
        #expect(first.reads == [nil, tasks[1].id])
        let second = StoppedZoneSettings(store.zoneSettings)
        try await follow(second, batch: 2)(term: try await term())
        #expect(second.reads == (failure == .before ? [tasks[1].id, tasks[3].id] : [tasks[3].id]))
        for task in tasks { #expect(try await next(task) == "2027-05-02T01:00:00Z") }
    }

    @Test("another release in the middle begins anew")
    func changesTwice() async throws {
        var tasks: [TaskDefinition] = []
        for number in 1...3 { tasks.append(try await nightly("nightly \(number)")) }
        abolishDaylightSaving()
        let first = StoppedZoneSettings(store.zoneSettings, failing: (move: 2, .before))
        let firstTerm = try await term()
        await #expect(throws: SchedulerError.self) { try await follow(first, batch: 2)(term: firstTerm) }
        zones.publish("2027c", "Europe/Berlin", follows: "Europe/Berlin")
        #expect(try await follow(batch: 2)(term: try await term()) == 2)
        for task in tasks { #expect(try await next(task) == "2027-05-02T00:00:00Z") }
    }

    @Test("a leader whose term is over moves nothing")
    func deposed() async throws {
        let berlin = try await nightly()
        let old = try await term()
        abolishDaylightSaving()
        clock.advance(by: .seconds(60))
        _ = try await store.locks.acquire("leader", owner: "successor", timeToLive: .seconds(10))
        await #expect(throws: SchedulerError.self) { try await follow()(term: old) }
        #expect(try await next(berlin) == "2027-05-02T00:00:00Z")
        #expect(try await store.zoneSettings.zoneProgress() == nil)
    }

    @Test("a task whose zone is gone keeps its fire time, and the others move")
    func goneZone() async throws {
        let rome = try await nightly("rome", "Europe/Rome")
        let berlin = try await nightly()
        zones.publish("2027b", "Europe/Rome", follows: nil)
        zones.publish("2027b", "Europe/Berlin", follows: "Africa/Algiers")
        #expect(try await follow()(term: try await term()) == 1)
        #expect(try await next(rome) == "2027-05-02T00:00:00Z")
        #expect(try await next(berlin) == "2027-05-02T01:00:00Z")
    }

    @Test("a task that never fires again by the new rules has ended")
    func ended() async throws {
        let spec = TaskSpec.fixture(
            schedule: "0 2 * * *", timezone: "Europe/Berlin", endDate: UTCInstant("2027-05-02T00:30:00Z"))
        let task = try await data.task(spec, next: UTCInstant("2027-05-02T00:00:00Z"))
        abolishDaylightSaving()
        #expect(try await follow()(term: try await term()) == 1)
        #expect(try await data.task(task.id).status == .inactive)
        #expect(try await next(task) == nil)
    }
}
