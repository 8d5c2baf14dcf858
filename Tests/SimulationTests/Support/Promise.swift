import SchedulerDomain
import SchedulerTestingUtils

/// Checks after each step what the system promises of its runs, its ledger, its workers and its leader.
struct Promise {
    private let history: History
    private let effects: SideEffects
    private var last: StoreSnapshot
    /// How runs ended, when that was seen first.
    private var ended: [RunID: TaskRun] = [:]
    /// When each worker was last heard of.
    private var heard: [WorkerID: (sequence: Int64, at: Duration)] = [:]
    private let lease: Duration

    init(_ store: InMemoryStore, _ effects: SideEffects, lease: Duration, _ history: History) {
        last = store.snapshot
        self.effects = effects
        self.history = history
        self.lease = lease
    }

    /// - Parameter left: workers that have signed off themselves.
    mutating func check(_ now: StoreSnapshot, at time: Duration, left: Set<WorkerID>) {
        checkRuns(now)
        checkWorkers(now, at: time, left: left)
        for (key, token) in last.tokens where now.tokens[key] ?? 0 < token {
            history.violation("the token of \(key) fell from \(token) to \(now.tokens[key] ?? 0)")
        }
        last = now
    }

    private mutating func checkRuns(_ now: StoreSnapshot) {
        var active: [TaskID: Int] = [:]
        for (id, run) in now.live {
            if run.status == .dispatched || run.status == .running { active[run.task, default: 0] += 1 }
            if ended[id] != nil { history.violation("run \(id) lives after its end") }
            guard let before = last.live[id] else { continue }
            if run.attempt < before.attempt { history.violation("run \(id) went back to attempt \(run.attempt)") }
            if run.status != before.status, !isLegal(before.status, run.status) {
                history.violation("run \(id) went from \(before.status) to \(run.status)")
            }
            if run.settledAttempt > run.attempt { history.violation("run \(id) settled what has not started") }
            if run.scheduledAt != before.scheduledAt { history.violation("the fire time of run \(id) changed") }
        }
        for (id, run) in last.live where now.live[id] == nil {
            guard let end = now.history[id] else {
                history.violation("run \(id) vanished while \(run.status)")
                continue
            }
            noteEnd(of: end)
        }
        for (task, count) in active {
            let limit = now.tasks[task]?.spec.maxConcurrent ?? 0
            if limit > 0, count > limit { history.violation("task \(task) has \(count) runs under way, of \(limit)") }
        }
    }

    /// A worker that sees no broker picks and claims in one step.
    private func isLegal(_ before: TaskRunStatus, _ now: TaskRunStatus) -> Bool {
        before.canBecome(now) || (before == .pending && now == .running)
    }

    private mutating func noteEnd(of run: TaskRun) {
        ended[run.id] = run
        let attempt = RunAttempt(run: run.id, attempt: run.attempt)
        switch run.status {
        case .completed where !effects.hasSucceeded(attempt):
            history.violation("run \(run.id) is completed, and attempt \(run.attempt) has not succeeded")
        case .pending, .dispatched, .running:
            history.violation("run \(run.id) is in the history as \(run.status)")
        default: break
        }
        if run.crashes > 3 { history.violation("run \(run.id) took \(run.crashes) workers down") }
    }

    private mutating func checkWorkers(_ now: StoreSnapshot, at time: Duration, left: Set<WorkerID>) {
        for (id, worker) in now.workers {
            if let before = last.workers[id], before.status == .offline, worker.status != .offline {
                history.violation("worker \(worker.name) came back under its old id")
            }
            if heard[id]?.sequence != worker.heartbeatSequence { heard[id] = (worker.heartbeatSequence, time) }
            guard worker.status == .offline, last.workers[id]?.status != .offline, !left.contains(id) else { continue }
            // The leader counts with steps of its own, so it may be a little early by nobody's clock but ours.
            if let at = heard[id]?.at, time - at < lease {
                history.violation("worker \(worker.name) was taken offline \(time - at) after its last beat")
            }
        }
    }

    /// After the last fault, when everything had its time.
    mutating func checkEnd(_ now: StoreSnapshot, accepted: Set<RunID>) {
        for run in now.live.values.sorted(by: { $0.id < $1.id }) {
            history.violation("run \(run.id) is stuck: \(run.status), attempt \(run.attempt)")
        }
        for id in accepted.sorted() where now.history[id] == nil && now.live[id] == nil {
            history.violation("accepted run \(id) is lost")
        }
        for (id, run) in ended where now.history[id] != run { history.violation("run \(id) changed after its end") }
        for id in effects.startedRuns where now.history[id] == nil && now.live[id] == nil {
            history.violation("run \(id) was executed and does not exist")
        }
    }
}
