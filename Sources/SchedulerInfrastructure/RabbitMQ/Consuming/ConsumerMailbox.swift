import SchedulerDomain
import SchedulerErrors
private import Synchronization

/// What callers ask of the consumer's thread, in order.
final class ConsumerMailbox: Sendable {
    enum Command: Sendable {
        case subscribe(RabbitMQSubscription, OneShot<Result<Void, SchedulerError>>)
        case settle(RabbitMQSubscription.ID, generation: UInt64, tags: [UInt64], Settlement)
        /// Nobody reads the stream any more; what is out can still be acknowledged.
        case stopDelivering(RabbitMQSubscription.ID)
        case cancel(RabbitMQSubscription.ID, OneShot<Void>)
    }

    enum Settlement: Sendable { case acknowledge, requeue }

    private struct State {
        var commands: [Command] = []
        var isClosed = false
        /// Whether the thread has been woken and has not looked yet.
        var isArmed = false
    }

    private let control: AMQPControl
    private let state = Mutex(State())

    init(control: AMQPControl) { self.control = control }

    var isEmpty: Bool { state.withLock { $0.commands.isEmpty } }

    /// Leaves a command; false where the thread has ended and would never look.
    func post(_ command: Command) -> Bool {
        let wakes: Bool? = state.withLock { state in
            guard !state.isClosed else { return nil }
            state.commands.append(command)
            defer { state.isArmed = true }
            return !state.isArmed
        }
        if wakes == true { control.wake.signal() }
        return wakes != nil
    }

    func takeAll() -> [Command] {
        state.withLock { state in
            state.isArmed = false
            defer { state.commands = [] }
            return state.commands
        }
    }

    /// Returns commands that could not be handled now, before those that came since.
    func putBack(_ commands: [Command]) { state.withLock { $0.commands.insert(contentsOf: commands, at: 0) } }

    /// Takes nothing more in, and returns what was left.
    func close() -> [Command] {
        state.withLock { state in
            state.isClosed = true
            defer { state.commands = [] }
            return state.commands
        }
    }
}
