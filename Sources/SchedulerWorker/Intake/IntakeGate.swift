import SchedulerDomain
import Synchronization

/// The subscriptions of one worker, and whether it still takes work.
final class IntakeGate: Sendable {
    private struct State {
        var isClosed = false
        var next = 0
        var open: [Int: any QueueSubscription] = [:]
    }

    private let state = Mutex(State())

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// - Returns: nil where the gate is closed: the subscription is not to be used.
    func enter(_ subscription: any QueueSubscription) -> Int? {
        state.withLock { state in
            guard !state.isClosed else { return nil }
            state.next += 1
            state.open[state.next] = subscription
            return state.next
        }
    }

    func leave(_ number: Int) { state.withLock { $0.open[number] = nil } }

    /// Ends every subscription; what they had not acknowledged returns to the queues.
    func close() async {
        let open = state.withLock { state in
            state.isClosed = true
            return Array(state.open.values)
        }
        for subscription in open { await subscription.cancel() }
    }
}
