public import SchedulerErrors

/// Where a run is on its way.
public enum TaskRunStatus: String, Sendable, Codable, CaseIterable {
    /// Waits for its due time, a slot, or a limit.
    case pending
    /// Picked; a message to the workers is on its way.
    case dispatched
    /// Claimed by a worker.
    case running
    case completed
    case failed
    case timeout
    case cancelled
    case skipped

    /// Whether the run has ended; no terminal run ever leaves its state.
    public var isTerminal: Bool {
        switch self {
        case .pending, .dispatched, .running: false
        case .completed, .failed, .timeout, .cancelled, .skipped: true
        }
    }

    /// The one table of legal transitions.
    ///
    /// Any live state may end: an outcome that waited in the queue still counts when recovery has returned its run to
    /// `pending`. Live states move forwards one step at a time, or back to `pending`.
    public var successors: Set<TaskRunStatus> {
        let ends: Set<TaskRunStatus> = [.completed, .failed, .timeout, .cancelled, .skipped]
        return switch self {
        case .pending: ends.union([.dispatched])
        case .dispatched: ends.union([.running, .pending])
        case .running: ends.union([.pending])
        case .completed, .failed, .timeout, .cancelled, .skipped: []
        }
    }

    public func canBecome(_ next: TaskRunStatus) -> Bool { successors.contains(next) }

    /// Returns `next` if the table allows the step.
    ///
    /// - Throws: `conflict` for an illegal transition.
    public func transition(to next: TaskRunStatus) throws(SchedulerError) -> TaskRunStatus {
        guard canBecome(next) else {
            throw SchedulerError(.conflict, "a \(rawValue) run cannot become \(next.rawValue)")
        }
        return next
    }
}
