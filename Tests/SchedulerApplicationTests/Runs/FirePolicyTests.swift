import SchedulerApplication
import SchedulerDomain
import Testing

@Suite("Policies for fire times")
struct FirePolicyTests {
    private let now = UTCInstant("2026-11-21T12:00:00.250Z") ?? .epoch
    private let decider = FireTimesDecider()

    private func decision(
        _ schedule: String, next: String, load: TaskLoad = .none, executions: Int64 = 0,
        change: (inout TaskSpec) -> Void
    ) throws -> FireDecision {
        let task = TaskDefinition.firing(schedule, next: next, executions: executions, change: change)
        return try #require(try decider.decision(for: task, load: load, now: now))
    }

    private func times(_ runs: [NewRun]) -> [String] {
        runs.map { String(($0.scheduledAt?.description ?? "-").dropFirst(11).prefix(8)) }
    }

    private func skip(_ first: String, _ last: String, _ reason: SkippedFires.Reason) throws -> SkippedFires {
        SkippedFires(
            first: try #require(UTCInstant("2026-11-21T\(first)Z")),
            last: try #require(UTCInstant("2026-11-21T\(last)Z")),
            reason: reason)
    }

    // MARK: - Misfires

    @Test("skip makes up for none, and what is on time still runs")
    func misfireSkip() throws {
        let decision = try decision("0 */5 * * * *", next: "2026-11-21T11:50:00Z") { $0.misfirePolicy = .skip }
        #expect(times(decision.runs) == ["12:00:00"])
        #expect(decision.skips == [try skip("11:50:00", "11:55:00", .misfire)])
    }

    @Test("fire_all makes up for what lies in the window")
    func misfireAll() throws {
        let decision = try decision("0 */5 * * * *", next: "2026-11-21T11:00:00Z") {
            $0.misfirePolicy = .fireAll
            $0.misfireWindowSeconds = 900
        }
        // 11:45 is 15 minutes and a quarter of a second old.
        #expect(times(decision.runs) == ["11:50:00", "11:55:00", "12:00:00"])
        #expect(decision.skips == [try skip("11:00:00", "11:45:00", .misfire)])
        #expect(decision.next == UTCInstant("2026-11-21T12:05:00Z"))
    }

    @Test("fire_all makes up for the latest as many as its limit")
    func misfireLimit() throws {
        let decision = try decision("0 */5 * * * *", next: "2026-11-21T11:00:00Z") {
            $0.misfirePolicy = .fireAll
            $0.misfireLimit = 2
        }
        #expect(times(decision.runs) == ["11:50:00", "11:55:00", "12:00:00"])
        #expect(decision.skips == [try skip("11:00:00", "11:45:00", .misfire)])
    }

    @Test("the window is the task's own, for fire_once too; at its edge a fire time still counts")
    func window() throws {
        for (seconds, runs) in [(3_600, ["11:30:00"]), (1_801, ["11:30:00"]), (1_800, []), (0, [])] {
            let decision = try decision("0 30 11 * * *", next: "2026-11-21T11:30:00Z") {
                $0.misfireWindowSeconds = seconds
            }
            #expect(times(decision.runs) == runs, "a window of \(seconds) s")
            #expect(decision.next == UTCInstant("2026-11-22T11:30:00Z"))
        }
    }

    @Test(
        "a week's outage of an every-second task makes as many runs and rows as the policy allows",
        arguments: MisfirePolicy.allCases)
    func weekOfSeconds(policy: MisfirePolicy) throws {
        let decision = try decision("* * * * * *", next: "2026-11-14T12:00:00Z") {
            $0.misfirePolicy = policy
            $0.misfireLimit = 50
        }
        let madeUp = [.skip: 0, .fireOnce: 1, .fireAll: 50][policy] ?? -1
        // Ten on time: 11:59:51 to 12:00:00.
        #expect(decision.runs.count == madeUp + 10)
        #expect(decision.skips.count == 1)
        #expect(decision.skips.first?.first == UTCInstant("2026-11-14T12:00:00Z"))
    }

    @Test("fire_all walks back no further than there is room for runs")
    func misfireRoom() throws {
        let decision = try decision("* * * * * *", next: "2026-11-21T11:30:00Z", load: TaskLoad(waiting: 97)) {
            $0.misfirePolicy = .fireAll
            $0.misfireLimit = 10_000
        }
        #expect(times(decision.runs) == ["11:59:48", "11:59:49", "11:59:50"])
        #expect(
            decision.skips == [
                try skip("11:30:00", "11:59:47", .overlap), try skip("11:59:51", "12:00:00", .overlap),
            ])
    }

    @Test(
        "what there is no room to make up for is left out for the overlap, what is too old as a misfire",
        arguments: [97, 100])
    func misfireReasons(waiting: Int) throws {
        let decision = try decision("0 * * * * *", next: "2026-11-21T10:00:00Z", load: TaskLoad(waiting: waiting)) {
            $0.misfirePolicy = .fireAll
            $0.misfireLimit = 1_000
            $0.misfireWindowSeconds = 3_601
        }
        #expect(times(decision.runs) == (waiting == 97 ? ["11:57:00", "11:58:00", "11:59:00"] : []))
        #expect(
            decision.skips == [
                try skip("10:00:00", "10:59:00", .misfire),
                try skip("11:00:00", waiting == 97 ? "11:56:00" : "12:00:00", .overlap),
            ] + (waiting == 97 ? [try skip("12:00:00", "12:00:00", .overlap)] : []))
    }

    @Test("a missed fire time that the policy does not make up for is a misfire, also while there is no room")
    func misfireReasonsOfOne() throws {
        for policy in [MisfirePolicy.fireOnce, .fireAll] {
            let full = try decision("0 * * * * *", next: "2026-11-21T11:30:00Z", load: TaskLoad(waiting: 100)) {
                $0.misfirePolicy = policy
                $0.misfireLimit = 1
            }
            #expect(full.runs.isEmpty)
            #expect(
                full.skips == [
                    try skip("11:30:00", "11:58:00", .misfire), try skip("11:59:00", "12:00:00", .overlap),
                ])
        }
    }

    @Test("fire_all makes no more runs than max_executions leaves, and decides nothing after the end")
    func misfireExecutions() throws {
        let decision = try decision("0 */5 * * * *", next: "2026-11-21T11:30:00Z", executions: 8) {
            $0.misfirePolicy = .fireAll
            $0.maxExecutions = 10
        }
        #expect(times(decision.runs) == ["11:30:00", "11:35:00"])
        #expect(decision.skips.isEmpty && decision.next == nil && decision.endsTask)
    }

    @Test("a task that missed its last fire times ends after making up for them")
    func misfireEnd() throws {
        let decision = try decision("0 */5 * * * *", next: "2026-11-21T11:30:00Z") {
            $0.misfirePolicy = .fireAll
            $0.endDate = UTCInstant("2026-11-21T11:40:00Z")
        }
        #expect(times(decision.runs) == ["11:30:00", "11:35:00", "11:40:00"])
        #expect(decision.next == nil && decision.endsTask)
    }

    // MARK: - Overlap

    @Test("skip gives no run while as many are live as max_concurrent allows")
    func overlapSkip() throws {
        let full = try decision("* * * * * *", next: "2026-11-21T12:00:00Z", load: TaskLoad(waiting: 1, active: 1)) {
            $0.overlapPolicy = .skip
            $0.maxConcurrent = 2
        }
        #expect(full.runs.isEmpty && full.keepAtMost == nil)
        #expect(full.skips == [try skip("12:00:00", "12:00:00", .overlap)])
        let free = try decision("* * * * * *", next: "2026-11-21T11:59:59Z", load: TaskLoad(active: 1)) {
            $0.overlapPolicy = .skip
            $0.maxConcurrent = 2
        }
        #expect(times(free.runs) == ["11:59:59"])
        #expect(free.skips == [try skip("12:00:00", "12:00:00", .overlap)])
    }

    @Test("skip keeps to the bound on waiting runs, too")
    func overlapSkipBound() throws {
        for (waiting, runs) in [(99, 1), (100, 0)] {
            let decision = try decision(
                "0 * * * * *", next: "2026-11-21T12:00:00Z", load: TaskLoad(waiting: waiting, active: 5)
            ) {
                $0.overlapPolicy = .skip
                $0.maxConcurrent = 1_000
            }
            #expect(decision.runs.count == runs)
        }
    }

    @Test("cancel_running always makes the run and keeps one place less of what was live")
    func overlapCancel() throws {
        let decision = try decision("0 * * * * *", next: "2026-11-21T12:00:00Z", load: TaskLoad(waiting: 5, active: 9))
        {
            $0.overlapPolicy = .cancelRunning
            $0.maxConcurrent = 3
        }
        #expect(times(decision.runs) == ["12:00:00"])
        #expect(decision.keepAtMost == 2)
        #expect(decision.skips.isEmpty)
    }

    @Test("cancel_running makes only the latest runs of one decision, since the others would be cancelled at once")
    func overlapCancelSeveral() throws {
        let decision = try decision("* * * * * *", next: "2026-11-21T11:59:57Z") {
            $0.overlapPolicy = .cancelRunning
            $0.maxConcurrent = 2
            $0.maxExecutions = 10
        }
        #expect(times(decision.runs) == ["11:59:59", "12:00:00"])
        #expect(decision.skips == [try skip("11:59:57", "11:59:58", .overlap)])
        #expect(decision.keepAtMost == 0)
        #expect(decision.leadingSkip == decision.skips.first)
    }

    @Test("ten years of seconds that all count as on time cost as much as the runs that are made")
    func longPunctuality() throws {
        let patient = FireTimesDecider(punctuality: .seconds(10 * 366 * 86_400))
        for policy in OverlapPolicy.allCases {
            let task = TaskDefinition.firing("* * * * * *", next: "2016-11-22T00:00:01Z") {
                $0.overlapPolicy = policy
                $0.maxConcurrent = 4
            }
            let decision = try #require(
                try patient.decision(for: task, load: TaskLoad(waiting: 1, active: 1), now: now))
            let latest = ["11:59:57", "11:59:58", "11:59:59", "12:00:00"]
            switch policy {
            case .queue: #expect(decision.runs.count == 99)
            case .skip: #expect(times(decision.runs) == ["00:00:01", "00:00:02"])
            case .cancelRunning: #expect(times(decision.runs) == latest && decision.keepAtMost == 0)
            }
            #expect(decision.skips.map(\.reason) == [.overlap])
            #expect(decision.next == UTCInstant("2026-11-21T12:00:01Z"))
        }
    }

    @Test("cancel_running gives made-up runs up for later ones, and counts each fire time once")
    func overlapCancelAfterMisfires() throws {
        let decision = try decision("* * * * * *", next: "2026-11-21T11:59:00Z") {
            $0.overlapPolicy = .cancelRunning
            $0.maxConcurrent = 12
            $0.misfirePolicy = .fireAll
        }
        #expect(times(decision.runs).first == "11:59:49" && times(decision.runs).count == 12)
        #expect(decision.skips == [try skip("11:59:00", "11:59:48", .overlap)])
    }

    @Test("cancel_running makes the runs that max_executions leaves, the earliest, and ends")
    func overlapCancelExecutions() throws {
        let decision = try decision("* * * * * *", next: "2026-11-21T11:59:55Z", executions: 8) {
            $0.overlapPolicy = .cancelRunning
            $0.maxConcurrent = 2
            $0.maxExecutions = 10
        }
        #expect(times(decision.runs) == ["11:59:55", "11:59:56"])
        #expect(decision.skips.isEmpty && decision.next == nil && decision.endsTask)
    }

    @Test("without a limit neither policy applies, only the bound on waiting runs", arguments: OverlapPolicy.allCases)
    func unlimited(policy: OverlapPolicy) throws {
        for (waiting, runs) in [(99, 1), (100, 0)] {
            let decision = try decision(
                "0 * * * * *", next: "2026-11-21T12:00:00Z", load: TaskLoad(waiting: waiting, active: 500)
            ) {
                $0.overlapPolicy = policy
                $0.maxConcurrent = 0
            }
            #expect(decision.runs.count == runs && decision.keepAtMost == nil)
        }
    }

    // MARK: - Jitter

    @Test("jitter moves the due time, never the fire time, and everybody computes the same")
    func jitter() throws {
        let jittered: (inout TaskSpec) -> Void = { $0.jitterSeconds = 30 }
        let first = try decision("* * * * * *", next: "2026-11-21T11:59:51Z", change: jittered)
        let second = try decision("* * * * * *", next: "2026-11-21T11:59:51Z", change: jittered)
        #expect(first.runs.map(\.dueAt) == second.runs.map(\.dueAt))
        #expect(times(first.runs).last == "12:00:00")
        for run in first.runs {
            let delay = try #require(run.scheduledAt).duration(to: try #require(run.dueAt))
            #expect(delay >= .zero && delay <= .seconds(30))
        }
        #expect(Set(first.runs.map { $0.scheduledAt.map { $0.duration(to: first.next ?? now) } }).count == 10)
    }

    // MARK: - Pause

    @Test("what a pause left out is one series, from after its beginning through now")
    func pause() throws {
        var task = TaskDefinition.firing("0 */5 * * * *", next: "2026-11-21T11:00:00Z")
        task.status = .paused
        task.nextRunAt = nil
        task.pausedAt = UTCInstant("2026-11-21T11:30:00Z")
        #expect(try decider.missedByPause(of: task, now: now) == skip("11:35:00", "12:00:00", .paused))
        task.pausedAt = UTCInstant("2026-11-21T12:00:00Z")
        #expect(try decider.missedByPause(of: task, now: now) == nil)
        task.pausedAt = UTCInstant("2026-11-21T11:30:00Z")
        task.spec.schedule = nil
        #expect(try decider.missedByPause(of: task, now: now) == nil)
    }
}
