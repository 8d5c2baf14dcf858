/// An edge to a task that must have ended before another one runs.
public struct TaskDependency: Sendable, Hashable, Codable {
    /// Which ends of the upstream task count.
    public enum Condition: String, Sendable, Hashable, Codable, CaseIterable {
        case onSuccess = "on_success"
        /// Failed or timed out.
        case onFailure = "on_failure"
        /// Succeeded, failed, timed out or was cancelled.
        case onCompletion = "on_completion"

        /// Whether an end fulfils the condition; a live status fulfils none.
        public func isFulfilled(by status: TaskRunStatus) -> Bool {
            switch status {
            case .completed: self != .onFailure
            case .failed, .timeout: self != .onSuccess
            case .cancelled: self == .onCompletion
            case .skipped, .pending, .dispatched, .running: false
            }
        }
    }

    public var upstream: TaskID
    public var condition: Condition

    enum CodingKeys: String, CodingKey {
        case condition
        case upstream = "task_id"
    }

    public init(on upstream: TaskID, _ condition: Condition = .onSuccess) {
        self.upstream = upstream
        self.condition = condition
    }
}
