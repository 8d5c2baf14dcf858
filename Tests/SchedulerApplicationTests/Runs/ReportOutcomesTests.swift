import SchedulerApplication
import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import SchedulerTestingUtils
import Synchronization
import Testing

@Suite("Reporting outcomes")
struct ReportOutcomesTests {
    /// Answers every publish the same way.
    private final class FixedQueue: MessageQueue {
        let isConnected: Bool
        let answer: PublishOutcome

        init(isConnected: Bool, answer: PublishOutcome) {
            self.isConnected = isConnected
            self.answer = answer
        }

        func publish(_ messages: [OutgoingMessage]) async -> [PublishOutcome] { messages.map { _ in answer } }

        func subscribe(to queue: QueueName, prefetch: Int) async throws -> any QueueSubscription {
            throw SchedulerError(.messageQueue, "there is no subscribing here")
        }
    }

    /// Refuses batches with one bad run in them, and notes what it settled.
    private final class PickyRuns: TaskRunRepository {
        let bad: RunID?
        let settled = Mutex<[RunAttempt]>([])
        let fault: SchedulerError.Code

        init(bad: RunID? = nil, fault: SchedulerError.Code = .database) {
            self.bad = bad
            self.fault = fault
        }

        func settle(_ outcomes: [RunOutcome]) async throws -> [Settlement] {
            if outcomes.contains(where: { $0.attempt.run == bad }) { throw SchedulerError(fault, "refused") }
            settled.withLock { $0 += outcomes.map(\.attempt) }
            return outcomes.map { _ in .ended(.completed) }
        }

        private func unused() -> SchedulerError { SchedulerError(.internal, "not part of this test") }
        func enqueue(_ groups: [[NewRun]]) async throws -> [SchedulerResult<[TaskRun]>] { throw unused() }
        func pick(limit: Int) async throws -> Pick { throw unused() }
        func returnUndelivered(_ attempts: [RunAttempt]) async throws { throw unused() }
        func claim(_ claim: RunClaim) async throws -> [ClaimedRun] { throw unused() }
        func pickAndClaim(for worker: WorkerID, taskTypes: [String], limit: Int) async throws -> [ClaimedRun] {
            throw unused()
        }
        func cancel(_ selection: RunSelection, tenant: TenantID, reason: String) async throws -> [RunID: CancelResult] {
            throw unused()
        }
        func unsettled(among attempts: [RunAttempt]) async throws -> Set<RunAttempt> { throw unused() }
        func find(_ ids: [RunID], tenant: TenantID) async throws -> [TaskRun] { throw unused() }
        func list(_ query: TaskRunQuery) async throws -> Page<TaskRun> { throw unused() }
        func attempts(of run: RunID) async throws -> [AttemptRecord] { throw unused() }
        func upstreams(of run: RunID) async throws -> [UpstreamResult] { throw unused() }
        func wave(_ id: RunID, tenant: TenantID, limit: Int) async throws -> WaveRecord { throw unused() }
        func outlook(of run: RunID, tenant: TenantID) async throws -> RunOutlook? { throw unused() }
    }

    private let outcomes = (0..<7).map { _ in
        RunOutcome(
            attempt: RunAttempt(run: .next(at: VirtualClock.start), attempt: 1), worker: .fresh(at: VirtualClock.start),
            ending: .success, startedAt: VirtualClock.start, endedAt: VirtualClock.start)
    }

    private func report(
        _ runs: PickyRuns, isConnected: Bool, answer: PublishOutcome = .confirmed
    ) async -> [ReportOutcomes.Report] {
        let queue = FixedQueue(isConnected: isConnected, answer: answer)
        return await ReportOutcomes(queue: queue, runs: runs, clock: SystemClock()).report(outcomes)
    }

    @Test("what the broker confirms is published, and the store is not asked")
    func published() async {
        let runs = PickyRuns()
        #expect(await report(runs, isConnected: true) == outcomes.map { _ in .published })
        #expect(runs.settled.withLock { $0.isEmpty })
    }

    @Test(
        "a broker that answers but does not take it fails the report",
        arguments: [PublishOutcome.refused, .returned, .unknown])
    func refused(answer: PublishOutcome) async {
        #expect(await report(PickyRuns(), isConnected: true, answer: answer) == outcomes.map { _ in .failed })
    }

    @Test("with the broker away the store gets all")
    func direct() async {
        let runs = PickyRuns()
        #expect(await report(runs, isConnected: false) == outcomes.map { _ in .settled })
        #expect(Set(runs.settled.withLock { $0 }) == Set(outcomes.map(\.attempt)))
    }

    @Test("one outcome that the store refuses does not hold up the others", arguments: 0..<7)
    func bisects(bad: Int) async {
        let reports = await report(PickyRuns(bad: outcomes[bad].attempt.run), isConnected: false)
        for (index, report) in reports.enumerated() { #expect(report == (index == bad ? .refused : .settled)) }
    }

    @Test("what takes the store too long is handed over in parts, from report to report")
    func tooSlow() async {
        let runs = PickyRuns(bad: outcomes[6].attempt.run, fault: .timeout)
        // Seven of them took too long, so the first three are given in, and the rest comes again.
        let reports = await report(runs, isConnected: false)
        #expect(reports == [.settled, .settled, .settled, .failed, .failed, .failed, .failed])
    }

    @Test("a store that is away fails the report")
    func storeAway() async {
        let runs = PickyRuns(bad: outcomes[0].attempt.run, fault: .storeUnavailable)
        #expect(await report(runs, isConnected: false) == outcomes.map { _ in .failed })
    }
}
