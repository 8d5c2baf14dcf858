/// Hints that something is to be done now; lost ones are covered by polling.
public protocol WakeUps: Sendable {
    /// Sends a hint to every process, coalesced: the first at once, later ones at most every few milliseconds.
    func send(_ hint: WakeUp) async

    /// Returns a stream of hints that keeps at most one of each kind; it ends when its reader is cancelled.
    func stream() -> AsyncStream<WakeUp>
}

public enum WakeUp: String, Sendable, Hashable, CaseIterable {
    /// A task was created or changed: look at fire times anew.
    case tasks
    /// A run became pending, or a slot or limit became free: pick.
    case runs
}
