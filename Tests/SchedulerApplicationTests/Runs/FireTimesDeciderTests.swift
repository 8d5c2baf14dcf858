import SchedulerApplication
import SchedulerDomain
import Testing

@Suite("Deciding fire times")
struct FireTimesDeciderTests {
    private let now = UTCInstant("2026-11-21T12:00:00.250Z") ?? .epoch
    private let decider = FireTimesDecider()

    private func task(
        _ schedule: String, next: String, executions: Int64 = 0, change: (inout TaskSpec) -> Void = { _ in }
    ) -> TaskDefinition {
        .firing(schedule, next: next, executions: executions, change: change)
    }

    private func texts(_ runs: [NewRun]) -> [String] { runs.map { $0.scheduledAt?.description ?? "-" } }

    @Test("a fire time that has come gets one run, and the schedule goes on with the next")
    func firesOnTime() throws {
        let decision = try #require(
            try decider.decision(for: task("* * * * * *", next: "2026-11-21T12:00:00Z"), load: .none, now: now))
        #expect(texts(decision.runs) == ["2026-11-21T12:00:00Z"])
        #expect(decision.next == UTCInstant("2026-11-21T12:00:01Z"))
        #expect(decision.skips.isEmpty && !decision.endsTask && decision.version == 3)
        #expect(decision.runs[0].trigger == .scheduled && decision.runs[0].dueAt == decision.runs[0].scheduledAt)
    }

    @Test("nothing is decided before its time, for a paused task, or without a schedule")
    func nothingDue() throws {
        let early = task("* * * * * *", next: "2026-11-21T12:00:01Z")
        var paused = task("* * * * * *", next: "2026-11-21T12:00:00Z")
        paused.status = .paused
        let byHand = task("* * * * * *", next: "2026-11-21T12:00:00Z") { $0.schedule = nil }
        for task in [early, paused, byHand] {
            #expect(try decider.decision(for: task, load: .none, now: now) == nil)
        }
    }

    @Test("seconds that a short outage missed all get their runs")
    func shortOutage() throws {
        let decision = try #require(
            try decider.decision(for: task("* * * * * *", next: "2026-11-21T11:59:55Z"), load: .none, now: now))
        #expect(decision.runs.count == 6)
        #expect(decision.skips.isEmpty)
    }

    @Test("after an hour and a half of outage only the latest missed fire time runs, the others are one skipped series")
    func longOutage() throws {
        let decision = try #require(
            try decider.decision(for: task("0 */5 * * * *", next: "2026-11-21T10:30:00Z"), load: .none, now: now))
        // 12:00 is on time; of the misfires 11:55 is made up for.
        #expect(texts(decision.runs) == ["2026-11-21T11:55:00Z", "2026-11-21T12:00:00Z"])
        #expect(
            decision.skips == [
                SkippedFires(
                    first: UTCInstant("2026-11-21T10:30:00Z")!, last: UTCInstant("2026-11-21T11:50:00Z")!,
                    reason: .misfire)
            ])
        #expect(decision.next == UTCInstant("2026-11-21T12:05:00Z"))
    }

    @Test("a missed fire time older than the window is skipped, not made up for")
    func outsideWindow() throws {
        let decision = try #require(
            try decider.decision(for: task("0 0 2 * * *", next: "2026-11-18T02:00:00Z"), load: .none, now: now))
        #expect(decision.runs.isEmpty)
        #expect(decision.skips.map(\.last) == [UTCInstant("2026-11-21T02:00:00Z")!])
        #expect(decision.next == UTCInstant("2026-11-22T02:00:00Z"))
    }

    @Test("a week of missed seconds costs no more than the runs that are made")
    func weekOfSeconds() throws {
        let decision = try #require(
            try decider.decision(for: task("* * * * * *", next: "2026-11-14T12:00:00Z"), load: .none, now: now))
        #expect(decision.runs.count <= 12)
        #expect(decision.skips.count == 1)
    }

    @Test("fire times beyond a hundred waiting runs are skipped as overlap")
    func overlap() throws {
        let decision = try #require(
            try decider.decision(
                for: task("* * * * * *", next: "2026-11-21T11:59:57Z"), load: TaskLoad(waiting: 99), now: now))
        #expect(texts(decision.runs) == ["2026-11-21T11:59:57Z"])
        #expect(
            decision.skips == [
                SkippedFires(
                    first: UTCInstant("2026-11-21T11:59:58Z")!, last: UTCInstant("2026-11-21T12:00:00Z")!,
                    reason: .overlap)
            ])
    }

    @Test("the last execution ends the task")
    func maxExecutions() throws {
        let limited = task("* * * * * *", next: "2026-11-21T11:59:57Z", executions: 8) { $0.maxExecutions = 10 }
        let decision = try #require(try decider.decision(for: limited, load: .none, now: now))
        #expect(decision.runs.count == 2)
        #expect(decision.next == nil && decision.endsTask)
    }

    @Test("a task whose executions were used up by hand ends, however late its fire time is")
    func exhaustedByHand() throws {
        for next in ["2026-11-21T12:00:00Z", "2026-11-21T11:30:00Z"] {
            let used = task("0 */5 * * * *", next: next, executions: 10) { $0.maxExecutions = 10 }
            let decision = try #require(try decider.decision(for: used, load: .none, now: now))
            #expect(decision.runs.isEmpty && decision.next == nil && decision.endsTask)
        }
    }

    @Test("the last fire time before the end date ends the task")
    func endDate() throws {
        let ending = task("* * * * * *", next: "2026-11-21T11:59:59Z") {
            $0.endDate = UTCInstant("2026-11-21T12:00:00Z")
        }
        let decision = try #require(try decider.decision(for: ending, load: .none, now: now))
        #expect(decision.runs.count == 2)
        #expect(decision.next == nil && decision.endsTask)
    }
}

extension TaskDefinition {
    /// An active task whose schedule goes on with a fire time.
    static func firing(
        _ schedule: String, next: String, executions: Int64 = 0, change: (inout TaskSpec) -> Void = { _ in }
    ) -> TaskDefinition {
        var spec = TaskSpec(name: "tick", taskType: "shell", executor: "shell", command: "true", schedule: schedule)
        change(&spec)
        return TaskDefinition(
            id: TaskID(7), version: 3, spec: spec, executionCount: executions, createdAt: .epoch, updatedAt: .epoch,
            nextRunAt: UTCInstant(next))
    }
}
