/// Whether a task fires.
public enum TaskStatus: String, Sendable, Codable, CaseIterable {
    /// A draft that never fires until it is resumed.
    case created
    /// Fires by its schedule and can be triggered.
    case active
    /// Fires no more until it is resumed, and its waiting runs are held; can still be triggered by hand.
    case paused
    /// Ended (end date, `max_executions`) or stopped.
    case inactive
}
