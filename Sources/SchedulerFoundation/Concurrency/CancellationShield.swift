/// Runs an operation to its end even if the surrounding task is cancelled meanwhile.
///
/// The one home of an unstructured task: what must not stop half way (a flush that carries other callers' items, the
/// report of an outcome after cancellation) runs in a task that cancellation does not reach, and is awaited here, so
/// it never outlives its caller. The operation bounds its own time.
public func withCancellationShield<Result: Sendable>(
    _ operation: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await UnstructuredTask.start { try await operation() }.value
}

/// As the throwing form, for an operation that does not throw.
public func withCancellationShield<Result: Sendable>(
    _ operation: @escaping @Sendable () async -> Result
) async -> Result {
    await UnstructuredTask.start { await operation() }.value
}
