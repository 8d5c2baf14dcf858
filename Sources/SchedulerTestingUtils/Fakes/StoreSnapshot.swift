public import SchedulerDomain

/// All that a store in memory holds at one moment, for whoever checks what must always be true.
public struct StoreSnapshot: Sendable {
    /// Unfinished runs.
    public var live: [RunID: TaskRun]
    /// Finished runs.
    public var history: [RunID: TaskRun]
    /// The ledger of each task, in the order of its fire times.
    public var fires: [TaskID: [FireRecord]]
    public var workers: [WorkerID: WorkerInfo]
    public var tasks: [TaskID: TaskDefinition]
    /// The highest fencing token of each lock.
    public var tokens: [String: Int64]
}

extension InMemoryStore {
    /// Cheap: nothing is copied until it changes.
    public var snapshot: StoreSnapshot { shared.transaction { state, _ in state.snapshot } }
}

extension InMemoryState {
    fileprivate var snapshot: StoreSnapshot {
        StoreSnapshot(
            live: live, history: history, fires: fires, workers: workers, tasks: tasks,
            tokens: locks.mapValues(\.token))
    }
}
