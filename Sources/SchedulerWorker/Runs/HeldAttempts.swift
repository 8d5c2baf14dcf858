import SchedulerDomain
import Synchronization

/// Why a worker stops an attempt before its end.
enum StopReason: Sendable, Hashable {
    /// It ran into its own time limit.
    case timeout
    /// Somebody wants the run cancelled.
    case cancelRequested
    /// The worker drains.
    case drain
    /// The store has given the worker up.
    case lost
    /// The worker's lease was about to end.
    case fenced
}

/// The attempts that a worker holds: executing, or ended but not yet known to be settled.
///
/// A claim may return an attempt again (a duplicated message, a repeated claim); what is in this table never starts a
/// second time.
final class HeldAttempts: Sendable {
    private enum Entry {
        case executing(Execution)
        case ended
    }

    fileprivate struct Execution {
        var deadline: ContinuousClock.Instant?
        var cancel: (@Sendable () -> Void)?
        /// The first reason counts.
        var reason: StopReason?
        /// Whether it can only be asked to stop.
        var mustReturn = false
    }

    private struct State {
        var entries: [RunAttempt: Entry] = [:]
        var executing: Set<RunAttempt> = []
        /// No deadline is earlier; nil where there is none.
        var earliestDeadline: ContinuousClock.Instant?
    }

    private let state = Mutex(State())

    /// What is executing, and what has ended and is not known to be settled.
    var all: [RunAttempt] { state.withLock { Array($0.entries.keys) } }
    var executing: [RunAttempt] { state.withLock { Array($0.executing) } }
    var executingCount: Int { state.withLock { $0.executing.count } }

    /// Whether something executes that can only be asked to stop.
    var someMustReturn: Bool {
        state.withLock { state in
            state.executing.contains { attempt in
                if case .executing(let execution) = state.entries[attempt] { execution.mustReturn } else { false }
            }
        }
    }

    /// Whether nothing executes and the store has every outcome.
    var isEmpty: Bool { state.withLock { $0.entries.isEmpty } }

    /// Enters what is not in the table yet, and returns it.
    func admit(_ claimed: [ClaimedRun]) -> [ClaimedRun] {
        state.withLock { state in
            claimed.filter { run in
                guard state.entries[run.attempt] == nil else { return false }
                state.entries[run.attempt] = .executing(Execution())
                state.executing.insert(run.attempt)
                return true
            }
        }
    }

    /// Says how an attempt is stopped; called at once where it was stopped before.
    func begin(_ attempt: RunAttempt, cancel: @escaping @Sendable () -> Void) {
        let isStopped = update(attempt) { execution in
            execution.cancel = cancel
            return execution.reason != nil
        }
        if isStopped == true { cancel() }
    }

    func setDeadline(_ deadline: ContinuousClock.Instant, of attempt: RunAttempt) {
        state.withLock { state in
            guard case .executing(var execution) = state.entries[attempt] else { return }
            execution.deadline = deadline
            state.entries[attempt] = .executing(execution)
            state.earliestDeadline = min(deadline, state.earliestDeadline ?? deadline)
        }
    }

    /// Notes that an attempt runs in this process from now on, where nobody can end it.
    func noteMustReturn(_ attempt: RunAttempt) { _ = update(attempt) { $0.mustReturn = true } }

    func stop(_ attempt: RunAttempt, _ reason: StopReason) {
        let cancel = update(attempt) { $0.stop(reason) } ?? nil
        cancel?()
    }

    func stopRuns(_ runs: [RunID], _ reason: StopReason) {
        let wanted = Set(runs)
        for attempt in executing where wanted.contains(attempt.run) { stop(attempt, reason) }
    }

    func stopAll(_ reason: StopReason) {
        for attempt in executing { stop(attempt, reason) }
    }

    /// Stops what has run for too long.
    ///
    /// Goes through the table only when some deadline may have come.
    func stopOverdue(at now: ContinuousClock.Instant) {
        let overdue: [RunAttempt] = state.withLock { state in
            guard let earliest = state.earliestDeadline, earliest <= now else { return [] }
            var overdue: [RunAttempt] = []
            var next: ContinuousClock.Instant?
            for attempt in state.executing {
                guard case .executing(let execution) = state.entries[attempt], let deadline = execution.deadline,
                    execution.reason == nil
                else { continue }
                if deadline <= now { overdue.append(attempt) } else { next = min(deadline, next ?? deadline) }
            }
            state.earliestDeadline = next
            return overdue
        }
        for attempt in overdue { stop(attempt, .timeout) }
    }

    /// Marks an attempt as ended; it stays in the table until `release`.
    ///
    /// - Returns: why it was stopped; nil where it was not.
    func end(_ attempt: RunAttempt) -> StopReason? {
        state.withLock { state in
            guard case .executing(let execution) = state.entries[attempt] else { return nil }
            state.entries[attempt] = .ended
            state.executing.remove(attempt)
            return execution.reason
        }
    }

    /// Forgets attempts that the store has settled.
    func release(_ attempts: some Sequence<RunAttempt>) {
        state.withLock { state in
            for attempt in attempts { state.entries[attempt] = nil }
        }
    }

    private func update<Result: Sendable>(
        _ attempt: RunAttempt, _ change: (inout Execution) -> Result
    ) -> Result? {
        state.withLock { state in
            guard case .executing(var execution) = state.entries[attempt] else { return nil }
            let result = change(&execution)
            state.entries[attempt] = .executing(execution)
            return result
        }
    }
}

extension HeldAttempts.Execution {
    /// Notes the reason and returns what is to be called.
    fileprivate mutating func stop(_ reason: StopReason) -> (@Sendable () -> Void)? {
        guard self.reason == nil else { return nil }
        self.reason = reason
        return cancel
    }
}
