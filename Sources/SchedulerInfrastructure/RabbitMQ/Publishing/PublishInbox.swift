import DequeModule
import SchedulerDomain
private import Synchronization

/// Where callers leave messages for the publisher's thread.
final class PublishInbox: Sendable {
    private enum Phase {
        /// The first attempt, or the one at once after a loss: callers wait for it.
        case connecting
        case open
        /// An attempt has failed: callers are refused at once.
        case away
        case closed
    }

    private struct State {
        var phase = Phase.connecting
        /// The broker reads nothing from us (memory or disk alarm).
        var isBlocked = false
        /// Since when messages were sent and nothing came back in time.
        var stalledSince: ContinuousClock.Instant?
        var tickets: Deque<PublishTicket> = []
        /// How many messages of the first ticket are taken.
        var taken = 0
        /// How many messages wait.
        var count = 0
        /// Whether the thread has been woken and has not looked yet.
        var isArmed = false
    }

    private let capacity: Int
    private let control: AMQPControl
    private let state = Mutex(State())

    init(capacity: Int, control: AMQPControl) {
        self.capacity = capacity
        self.control = control
    }

    var isConnected: Bool {
        state.withLock { $0.phase == .open && !$0.isBlocked && $0.stalledSince == nil }
    }

    var isEmpty: Bool { state.withLock { $0.count == 0 } }

    /// Takes a ticket in; false where nothing would be done for it: then it is refused, and its caller waits for nothing.
    func submit(_ ticket: PublishTicket) -> Bool {
        let wakes: Bool? = state.withLock { state in
            switch state.phase {
            case .away, .closed: return nil
            case .connecting, .open: break
            }
            guard !state.isBlocked, state.count + ticket.publications.count <= capacity else { return nil }
            state.tickets.append(ticket)
            state.count += ticket.publications.count
            defer { state.isArmed = true }
            return !state.isArmed
        }
        if wakes == true { control.wake.signal() }
        return wakes != nil
    }

    /// Returns the next messages, at most `limit`.
    func take(_ limit: Int) -> [PublishItem] {
        state.withLock { state in
            state.isArmed = false
            var items: [PublishItem] = []
            items.reserveCapacity(min(limit, state.count))
            while items.count < limit, let ticket = state.tickets.first {
                let end = min(ticket.publications.count, state.taken + limit - items.count)
                for index in state.taken..<end { items.append(PublishItem(ticket: ticket, index: index)) }
                if end == ticket.publications.count {
                    state.tickets.removeFirst()
                    state.taken = 0
                } else {
                    state.taken = end
                }
            }
            state.count -= items.count
            return items
        }
    }
}

// MARK: - The publisher's news

extension PublishInbox {
    func opened() {
        state.withLock { state in
            guard state.phase != .closed else { return }
            state.phase = .open
            state.isBlocked = false
            state.stalledSince = nil
        }
    }

    func setBlocked(_ isBlocked: Bool) { state.withLock { $0.isBlocked = isBlocked } }

    func setStalled(_ isStalled: Bool) {
        state.withLock { $0.stalledSince = isStalled ? $0.stalledSince ?? .now : nil }
    }

    /// Whether the broker has confirmed nothing for so long, though it reads: nobody publishes then, so no later
    /// confirm can end it.
    func isStalled(longerThan limit: Duration) -> Bool {
        state.withLock { state in
            guard let since = state.stalledSince, !state.isBlocked else { return false }
            return since.duration(to: .now) > limit
        }
    }

    /// The connection is lost.
    ///
    /// What was not written waits where the next attempt follows at once, else it is refused.
    func lost(reconnectsNow: Bool) {
        state.withLock { state in
            guard state.phase != .closed else { return }
            state.phase = reconnectsNow ? .connecting : .away
            state.isBlocked = false
        }
        if !reconnectsNow { refuseAll() }
    }

    /// Takes nothing more in; what waits is still published.
    func close() { state.withLock { $0.phase = .closed } }

    func refuseAll() {
        for item in take(.max) { item.settle(.refused) }
    }
}
