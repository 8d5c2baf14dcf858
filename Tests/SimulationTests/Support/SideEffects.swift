import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
import SchedulerTestingUtils
import SchedulerWorker
import Synchronization

/// What the tasks themselves did, as somebody outside would see it.
///
/// It knows nothing of the store, so that both can be compared.
final class SideEffects: Sendable {
    private struct Execution {
        var attempt: Int
        var process: SimulatedProcess
    }

    private struct State {
        var started: Set<RunAttempt> = []
        var succeeded: Set<RunAttempt> = []
        var executing: [RunID: [Execution]] = [:]
    }

    private let history: History
    private let state = Mutex(State())

    init(_ history: History) { self.history = history }

    func hasStarted(_ attempt: RunAttempt) -> Bool { state.withLock { $0.started.contains(attempt) } }
    func hasSucceeded(_ attempt: RunAttempt) -> Bool { state.withLock { $0.succeeded.contains(attempt) } }
    /// Where attempts execute now.
    var executingProcesses: [String] { state.withLock { $0.executing.values.flatMap { $0.map(\.process.name) } } }
    var startedAttempts: Set<RunAttempt> { state.withLock { $0.started } }
    var startedRuns: Set<RunID> { state.withLock { Set($0.started.map(\.run)) } }

    /// The function that the tasks of a simulation call: takes `ms`, and fails the first `failures` attempts.
    func function(on process: SimulatedProcess) -> TaskFunction {
        { call in
            try self.begin(call.run.attempt, on: process)
            defer { self.end(call.run.attempt) }
            try await MonotonicClock.sleep(for: .milliseconds(call.parameters["ms"]?.integer ?? 0))
            if process.isDead { throw CancellationError() }
            if call.run.attempt.attempt <= call.parameters["failures"]?.integer ?? 0 {
                throw FunctionFailure(.system, "fails as it shall")
            }
            self.succeed(call.run.attempt)
            return .object([:])
        }
    }

    /// A killed process executes nothing more.
    func processEnded(_ process: SimulatedProcess) {
        state.withLock { state in
            for run in state.executing.keys { state.executing[run]?.removeAll { $0.process === process } }
        }
    }

    private func begin(_ attempt: RunAttempt, on process: SimulatedProcess) throws {
        if process.isDead { throw CancellationError() }
        history.note(process.name, "starts \(attempt)")
        let (isNew, others) = state.withLock { state in
            let others = state.executing[attempt.run, default: []]
            state.executing[attempt.run, default: []].append(Execution(attempt: attempt.attempt, process: process))
            return (state.started.insert(attempt).inserted, others)
        }
        if !isNew { history.violation("\(attempt) started twice") }
        for other in others where !other.process.isPaused {
            history.violation("\(attempt) started while attempt \(other.attempt) executes on \(other.process.name)")
        }
    }

    private func succeed(_ attempt: RunAttempt) { state.withLock { _ = $0.succeeded.insert(attempt) } }

    private func end(_ attempt: RunAttempt) {
        state.withLock { $0.executing[attempt.run]?.removeAll { $0.attempt == attempt.attempt } }
    }
}
