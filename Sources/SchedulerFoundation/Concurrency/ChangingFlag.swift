private import Synchronization

/// A state that many set and that is told of only where it changes, so that an outage is one line of the log.
public final class ChangingFlag: Sendable {
    private let value: Mutex<Bool>

    public init(_ value: Bool = false) { self.value = Mutex(value) }

    /// - Returns: whether this changed it.
    public func set(_ new: Bool) -> Bool {
        value.withLock { value in
            defer { value = new }
            return value != new
        }
    }
}
