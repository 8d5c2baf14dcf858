import DequeModule
private import Synchronization

/// Something that a caller waits for and that must not outlast its time.
protocol Expiring: AnyObject, Sendable {
    var isSettled: Bool { get }
    /// Settles it as too late.
    func expire()
}

/// Ends what is overdue, from a thread of its own: the threads that talk to the broker can be stuck in the resolver, a
/// TLS handshake, or a write to a broker that does not read.
///
/// All that it watches has the same time, so the first in is the first due.
final class Watchdog: Sendable {
    private struct State {
        var watched: Deque<(due: ContinuousClock.Instant, item: any Expiring)> = []
        var isStopping = false
    }

    private let limit: Duration
    private let wake: EventFD
    private let state = Mutex(State())

    init(limit: Duration) throws {
        self.limit = limit
        wake = try EventFD()
    }

    func watch(_ item: any Expiring) {
        let due = ContinuousClock.now + limit
        let wasIdle: Bool? = state.withLock { state in
            guard !state.isStopping else { return nil }
            // What settled in time leaves here, so that a busy queue does not pile up.
            while let first = state.watched.first, first.item.isSettled { state.watched.removeFirst() }
            defer { state.watched.append((due, item)) }
            return state.watched.isEmpty
        }
        switch wasIdle {
        case nil: item.expire()
        case true?: wake.signal()
        case false?: break
        }
    }

    /// The body of its thread; returns after `stop`.
    func run() {
        while let pause = next() {
            wake.wait(atMost: pause)
        }
    }

    /// Ends all that is watched, and the thread.
    func stop() {
        let rest = state.withLock { state in
            state.isStopping = true
            defer { state.watched = [] }
            return state.watched
        }
        for (_, item) in rest where !item.isSettled { item.expire() }
        wake.signal()
    }

    /// Expires what is due and returns how long to wait; nil at the end.
    private func next() -> Duration? {
        let now = ContinuousClock.now
        var overdue: [any Expiring] = []
        let pause: Duration? = state.withLock { state in
            guard !state.isStopping else { return nil }
            while let first = state.watched.first, first.item.isSettled || first.due <= now {
                if !first.item.isSettled { overdue.append(first.item) }
                state.watched.removeFirst()
            }
            guard let first = state.watched.first else { return .seconds(3_600) }
            return now.duration(to: first.due)
        }
        for item in overdue { item.expire() }
        return pause
    }
}

/// Lets a one-time answer expire with a given value.
final class ExpiringReply<Value: Sendable>: Expiring {
    let reply: OneShot<Value>
    private let late: Value

    init(_ reply: OneShot<Value>, late: Value) {
        self.reply = reply
        self.late = late
    }

    var isSettled: Bool { reply.isSettled }
    func expire() { reply.settle(late) }
}
