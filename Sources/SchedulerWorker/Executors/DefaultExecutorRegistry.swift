public import SchedulerDomain
private import Synchronization

/// The executors of one worker; a replaced one finishes what it runs.
public final class DefaultExecutorRegistry: ExecutorRegistry, LeaseEnforcer {
    private let executors: Mutex<[String: any RunExecutor]>
    private let enforcer: (any LeaseEnforcer)?

    /// - Parameter enforcer: ends what its executors run when the worker's lease ends; nil where nobody can.
    public init(_ executors: [any RunExecutor] = [], enforcer: (any LeaseEnforcer)? = nil) {
        self.enforcer = enforcer
        self.executors = Mutex(Dictionary(executors.map { ($0.name, $0) }) { _, last in last })
    }

    public func register(_ executor: any RunExecutor) {
        executors.withLock { $0[executor.name] = executor }
    }

    public func executor(named name: String) -> (any RunExecutor)? {
        executors.withLock { $0[name] }
    }

    public func enforce(_ deadline: LeaseDeadline) { enforcer?.enforce(deadline) }

    public var names: [String] { executors.withLock { $0.keys.sorted() } }
}
