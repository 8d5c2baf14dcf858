public import SchedulerDomain
private import Synchronization

/// The executors of one worker; a replaced one finishes what it runs.
public final class DefaultExecutorRegistry: ExecutorRegistry {
    private let executors: Mutex<[String: any RunExecutor]>

    public init(_ executors: [any RunExecutor] = []) {
        self.executors = Mutex(Dictionary(executors.map { ($0.name, $0) }) { _, last in last })
    }

    public func register(_ executor: any RunExecutor) {
        executors.withLock { $0[executor.name] = executor }
    }

    public func executor(named name: String) -> (any RunExecutor)? {
        executors.withLock { $0[name] }
    }

    public var names: [String] { executors.withLock { $0.keys.sorted() } }
}
