import SchedulerDomain
private import Synchronization

/// One call of `publish`: its messages, and what has become of each.
///
/// An outcome is given once, by whoever is first: the publisher, or the watchdog when the time is over.
final class PublishTicket: Expiring {
    private struct State {
        var outcomes: [PublishOutcome?]
        /// Whether a message may have reached the socket: from then on silence means unknown, before it refused.
        var isBegun: [Bool]
        var open: Int
    }

    let publications: [Publication]
    private let state: Mutex<State>
    private let answer = OneShot<[PublishOutcome]>()
    /// Told when a message was sent and nothing came back in time.
    private let stalled: @Sendable () -> Void

    /// - Precondition: there is a message.
    init(_ publications: [Publication], stalled: @escaping @Sendable () -> Void) {
        precondition(!publications.isEmpty, "a ticket has a message")
        self.publications = publications
        self.stalled = stalled
        state = Mutex(
            State(
                outcomes: publications.map { _ in nil }, isBegun: publications.map { _ in false },
                open: publications.count))
    }

    var outcomes: [PublishOutcome] { get async { await answer.value } }

    var isSettled: Bool { answer.isSettled }

    /// Says that a message is about to be written; false where its caller has an answer already.
    func begin(_ index: Int) -> Bool {
        state.withLock { state in
            guard state.outcomes[index] == nil else { return false }
            state.isBegun[index] = true
            return true
        }
    }

    func isOpen(_ index: Int) -> Bool { state.withLock { $0.outcomes[index] == nil } }

    func settle(_ index: Int, _ outcome: PublishOutcome) {
        settle { state in
            guard state.outcomes[index] == nil else { return }
            state.outcomes[index] = outcome
            state.open -= 1
        }
    }

    func expire() {
        let isSilent = state.withLock { state in
            state.outcomes.indices.contains { state.outcomes[$0] == nil && state.isBegun[$0] }
        }
        // First, so that whoever gets an outcome from here on finds the queue unconnected.
        if isSilent { stalled() }
        settle { state in
            for index in state.outcomes.indices where state.outcomes[index] == nil {
                state.outcomes[index] = state.isBegun[index] ? .unknown : .refused
            }
            state.open = 0
        }
    }

    private func settle(_ change: (inout State) -> Void) {
        let outcomes: [PublishOutcome]? = state.withLock { state in
            change(&state)
            return state.open == 0 ? state.outcomes.compactMap(\.self) : nil
        }
        if let outcomes { answer.settle(outcomes) }
    }
}

/// One message of a ticket on its way through the publisher.
struct PublishItem {
    let ticket: PublishTicket
    let index: Int
    /// Set where it came back once: when it goes again, its queue declared anew.
    var repeatsAt: ContinuousClock.Instant?
    /// Whether it came back and only its confirm is missing.
    var isReturned = false

    var publication: Publication { ticket.publications[index] }

    /// Whether its caller still waits for its outcome.
    var isOpen: Bool { ticket.isOpen(index) }

    func settle(_ outcome: PublishOutcome) { ticket.settle(index, outcome) }
}
