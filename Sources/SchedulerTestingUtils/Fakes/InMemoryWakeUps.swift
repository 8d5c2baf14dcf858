public import SchedulerDomain
import SchedulerFoundation

/// Hints between the loops of one process; each reader keeps at most one of each kind.
public final class InMemoryWakeUps: WakeUps {
    private let readers = WakeUpReaders()

    public init() {}

    public func send(_ hint: WakeUp) async { readers.deliver(hint) }

    public func stream() -> AsyncStream<WakeUp> { readers.stream() }
}
