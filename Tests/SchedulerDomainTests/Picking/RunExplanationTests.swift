import SchedulerDomain
import Testing

@Suite("Explaining a run")
struct RunExplanationTests {
    private let now = UTCInstant(secondsSinceEpoch: 1_700_000_000)
    private let worker = WorkerSlots(worker: WorkerID(bits: 1), slots: 8, taskTypes: ["shell"])

    private func run(
        _ number: Int, tenant: TenantID = .default, priority: Priority = .normal, dueIn seconds: Int = -1,
        change: (inout TaskRun) -> Void = { _ in }
    ) -> TaskRun {
        let dueAt = now.advanced(by: .seconds(seconds))
        var run = TaskRun(
            id: RunID(bits: UInt128(number)), tenant: tenant, task: TaskID(1), priority: priority, scheduledAt: dueAt,
            dueAt: dueAt, createdAt: now, updatedAt: now)
        change(&run)
        return run
    }

    private func explain(_ run: TaskRun, among others: [TaskRun] = [], slotsInUse: Int = 0) -> RunExplanation {
        let underWay = RunsUnderWay(task: TaskID(2), taskType: "shell", worker: worker.worker, count: slotsInUse)
        return RunExplanation(
            RunOutlook(
                run: run,
                snapshot: PickSnapshot(
                    now: now, waiting: (others + [run]).filter { $0.dueAt <= now }.map(WaitingRun.init),
                    underWay: [underWay], workers: [worker])))
    }

    @Test("a run that the next pick takes is ready, and no other is")
    func ready() {
        let others = (0..<8).map { run($0) }
        #expect(explain(run(9), among: Array(others.prefix(7))).reasons == [.ready])
        #expect(explain(run(9), among: others).reasons == [.turn(runs: 8, isAtLeast: false)])
    }

    @Test("without a slot it says so, and how many come before")
    func noSlot() {
        let foreign = (0..<3).map { run($0, tenant: TenantID("other")) }
        let explanation = explain(run(9), among: foreign + [run(5), run(6)], slotsInUse: 8)
        #expect(
            explanation.reasons == [
                .noSlot(type: "shell", slots: 8), .turn(runs: 2, isAtLeast: false), .tenantShare(runs: 2, tenants: 1),
            ])
    }

    @Test("its age shows in its effective priority")
    func effectivePriority() {
        #expect(explain(run(1, priority: .low, dueIn: -600)).effectivePriority == .high)
        #expect(explain(run(1) { $0.status = .running }).effectivePriority == nil)
    }

    @Test("before its time it tells whether it waits for the schedule, for jitter, or after a failure")
    func notDue() {
        let until = now.advanced(by: .seconds(30))
        #expect(explain(run(1, dueIn: 30)).reasons == [.notDue(until: until)])
        let spread = run(1, dueIn: 30) {
            $0.scheduledAt = now
            $0.trigger = .scheduled
        }
        #expect(explain(spread).reasons == [.jitter(until: until)])
        let byHand = run(1, dueIn: 30) {
            $0.scheduledAt = now
            $0.trigger = .manual
        }
        #expect(explain(byHand).reasons == [.notDue(until: until)])
        let throttled = run(1, dueIn: 30) {
            $0.scheduledAt = now.advanced(by: .seconds(-86_400))
            $0.trigger = .backfill
        }
        #expect(explain(throttled).reasons == [.throttled(until: until)])
        let failed = run(1, dueIn: 30) {
            $0.attempt = 2
            $0.failures = 2
        }
        #expect(explain(failed).reasons == [.backoff(until: until, failures: 2)])
    }

    @Test("where earlier runs use up a limit it names them, and counts what comes before it, not all that waits")
    func limitAhead() {
        func reasons(_ change: (inout PickSnapshot) -> Void) -> [RunExplanation.Reason] {
            let own = (1...2).map { number in run(number) { $0.concurrencyKey = "key" } }
            let others = (10..<410).map { number in
                run(number, tenant: TenantID("other"), priority: .low) { $0.task = TaskID(2) }
            }
            var snapshot = PickSnapshot(
                now: now, waiting: (own + others).map(WaitingRun.init), workers: [worker])
            change(&snapshot)
            return RunExplanation(RunOutlook(run: own[1], snapshot: snapshot)).reasons
        }
        let first = RunID(bits: 1)
        let turn = RunExplanation.Reason.turn(runs: 1, isAtLeast: true)
        let limits = [TaskID(1): TaskLimits(maxConcurrent: 1)]
        #expect(reasons { $0.tasks = limits } == [.limitAhead(.task, limit: 1, runs: [first]), turn])
        #expect(reasons { $0.tenants = [.default: 1] } == [.limitAhead(.tenant, limit: 1, runs: [first]), turn])
        let ofOther = reasons { snapshot in
            snapshot.tasks = limits
            snapshot.waiting[0].task = TaskID(3)
        }
        #expect(ofOther == [.limitAhead(.key, limit: 1, runs: [first]), turn])
        #expect(reasons { _ in } == [.ready])
    }

    @Test("what competes for other slots is not counted as before it, and does not make it wait")
    func otherSlots() {
        let gpu = (10..<20).map { number in run(number, priority: .critical) { $0.taskType = "gpu" } }
        let own = (1...9).map { run($0) }
        let reasons = explain(own[8], among: gpu + own.dropLast()).reasons
        #expect(reasons == [.turn(runs: 8, isAtLeast: false)])
    }

    @Test("every reason has a code of its own and a sentence")
    func texts() {
        let runs = [RunID(bits: 1)]
        let reasons: [RunExplanation.Reason] = [
            .notDue(until: now), .jitter(until: now), .throttled(until: now), .limitAhead(.task, limit: 1, runs: runs),
            .backoff(until: now, failures: 1), .paused,
            .taskLimit(used: 5, limit: 5, runs: runs), .keyLimit(key: "k", used: 5, limit: 5, runs: runs),
            .tenantLimit(used: 5, limit: 5), .noWorker(type: "gpu", draining: 0),
            .noExecutor("e", type: "gpu"), .noAbleSlot(executor: "e", type: "gpu", slots: 8), .isolation(crashes: 2),
            .noSlot(type: "gpu", slots: 8),
            .turn(runs: 3, isAtLeast: true), .tenantShare(runs: 3, tenants: 2), .ready,
            .dispatched(since: now, until: now), .running(on: nil, since: nil, attempt: 1, cancelRequestedAt: nil),
            .ended(.failed, at: now, message: "exit code 1"),
        ]
        #expect(Set(reasons.map(\.code)).count == reasons.count)
        #expect(RunExplanation.Reason.taskLimit(used: 5, limit: 5, runs: runs).message.hasPrefix("limit 5/5"))
        #expect(
            RunExplanation.Reason.noWorker(type: "gpu", draining: 0).message == "no live worker takes type gpu")
        #expect(
            RunExplanation.Reason.ended(.failed, at: nil, message: "exit code 1").message
                == "it ended as failed: exit code 1")
    }
}
