/// Starts the few tasks that are not children of the one that starts them; each is awaited where it is started.
public enum UnstructuredTask {
    /// What such tasks run on, since they do not inherit it (SE-0417); nil: Swift's own threads.
    ///
    /// A test that brings everything onto one executor of its own sets it beside the task executor preference.
    @TaskLocal public static var executor: (any TaskExecutor)?

    public static func start<Result: Sendable>(
        _ operation: sending @escaping @isolated(any) () async throws -> Result
    ) -> Task<Result, any Error> {
        Task(executorPreference: executor, operation: operation)
    }

    /// As the throwing form, for an operation that does not throw.
    public static func start<Result: Sendable>(
        _ operation: sending @escaping @isolated(any) () async -> Result
    ) -> Task<Result, Never> {
        Task(executorPreference: executor, operation: operation)
    }
}
