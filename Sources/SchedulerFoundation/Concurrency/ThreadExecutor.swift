import DequeModule

/// Runs the jobs of Swift tasks one after another on the thread that serves it, and wakes who sleeps there.
final class ThreadExecutor: TaskExecutor {
    private struct Sleeper {
        var deadline: MonotonicInstant
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var jobs: Deque<UnownedJob> = []
        /// A handful: one for each task that waits for time.
        var sleepers: [UInt64: Sleeper] = [:]
        var tickets: UInt64 = 0
        var isStopping = false

        var nextDeadline: MonotonicInstant? { sleepers.values.map(\.deadline).min() }
    }

    private enum Step {
        case run(UnownedJob)
        case wake([Sleeper])
        /// Somebody sleeps for a shorter time than the thread was about to.
        case lookAgain
        case stop
    }

    private let monitor = Monitor(State())

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        monitor.withLock { $0.jobs.append(job) }
        monitor.signal()
    }

    /// The body of the thread; returns after `stop` when no job is left.
    func serve() {
        let executor = asUnownedTaskExecutor()
        while true {
            switch nextStep() {
            case .run(let job): job.runSynchronously(on: executor)
            case .wake(let sleepers): for sleeper in sleepers { sleeper.continuation.resume() }
            case .lookAgain: continue
            case .stop: return
            }
        }
    }

    func stop() {
        monitor.withLock { $0.isStopping = true }
        monitor.signal()
    }

    func sleep(until deadline: MonotonicInstant) async throws {
        let ticket = monitor.withLock { state in
            state.tickets += 1
            return state.tickets
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                // Asked under the lock: who is cancelled later finds the sleeper there.
                let isCancelled = monitor.withLock { state in
                    guard !Task.isCancelled else { return true }
                    state.sleepers[ticket] = Sleeper(deadline: deadline, continuation: continuation)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) } else { monitor.signal() }
            }
        } onCancel: {
            monitor.withLock { $0.sleepers.removeValue(forKey: ticket) }?.continuation
                .resume(throwing: CancellationError())
        }
    }

    private func nextStep() -> Step {
        let deadline = monitor.withLock { $0.nextDeadline }
        let step: Step? = monitor.wait(until: deadline) { state in
            let due = state.sleepers.filter { $0.value.deadline.hasPassed }
            if !due.isEmpty {
                for ticket in due.keys { state.sleepers[ticket] = nil }
                return .wake(Array(due.values))
            }
            if let job = state.jobs.popFirst() { return .run(job) }
            if state.isStopping { return .stop }
            return state.nextDeadline == deadline ? nil : .lookAgain
        }
        return step ?? .lookAgain
    }
}
