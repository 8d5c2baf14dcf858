import SchedulerDomain
import SchedulerFoundation
import Synchronization

/// What a dispatcher remembers of tasks that were due and did not fire.
///
/// Tasks that cannot be read are left out, so that they hide none of those behind them, and are looked at again every
/// minute: their zone may be back. Tasks that somebody else held are tried again after a pause; those that were lost
/// twice running are waited for.
final class FireSetbacks: Sendable {
    private struct State {
        var unreadable: Set<TaskID> = []
        /// The versions that were complained about.
        var reported: [TaskID: Int] = [:]
        var lookAgainAt = UTCInstant.distantPast
        /// How many passes running a task was lost.
        var losses: [TaskID: Int] = [:]
        var backoff = Backoff(base: pause, limit: longestPause)
    }

    private static let lookAgainAfter: Duration = .seconds(60)
    private static let pause: Duration = .milliseconds(20)
    private static let longestPause: Duration = .milliseconds(200)

    private let state = Mutex(State())

    var unreadable: Set<TaskID> { state.withLock { $0.unreadable } }

    /// The tasks that were lost in each of the last two passes.
    var lostAgain: Set<TaskID> { state.withLock { Set($0.losses.filter { $0.value >= 2 }.keys) } }

    /// Lets the tasks that could not be read be looked at again, once a minute.
    func forget(at now: UTCInstant) {
        state.withLock { state in
            guard now >= state.lookAgainAt else { return }
            state.unreadable = []
            state.lookAgainAt = now.advanced(by: FireSetbacks.lookAgainAfter)
        }
    }

    /// - Returns: whether it is to be reported: once per version of a task.
    func note(unreadable task: TaskDefinition) -> Bool {
        state.withLock { state in
            state.unreadable.insert(task.id)
            return state.reported.updateValue(task.version, forKey: task.id) != task.version
        }
    }

    /// - Returns: how long to leave the lost tasks to whoever holds them; longer each time that nothing was won.
    func note(lost: Set<TaskID>, hasWon: Bool) -> Duration {
        state.withLock { state in
            let before = state.losses
            state.losses = Dictionary(uniqueKeysWithValues: lost.map { ($0, before[$0, default: 0] + 1) })
            if hasWon || lost.isEmpty { state.backoff.reset() }
            return state.backoff.next()
        }
    }
}
