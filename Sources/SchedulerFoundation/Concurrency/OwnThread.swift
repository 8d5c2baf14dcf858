/// Runs an operation on a thread of its own, on which it goes on also after each wait.
///
/// Swift's cooperative threads are as few as the cores, and belong to whoever does not let go of them: a function that
/// calculates for a minute on each of them holds everything else for a minute, timers included, since those fire on
/// the same threads. What must go on all the same, such as the heartbeat of a worker that runs its users' functions,
/// runs here. Child tasks of the operation run on the same thread; an actor with an executor of its own keeps that.
///
/// Where a test has brought everything onto one executor (`UnstructuredTask.executor`), it stays there.
///
/// - Parameters:
///   - name: shown by the system's tools; at most 15 bytes count.
///   - operation: waits for time with the clock that it is given: any other clock's timer fires on a cooperative
///     thread.
/// - Precondition: the system allows another thread.
/// - SeeAlso: Swift Evolution SE-0417, "Task executor preference".
public func withOwnThread<Result: Sendable>(
    named name: String, _ operation: @Sendable (OwnThreadClock) async throws -> Result
) async rethrows -> Result {
    if UnstructuredTask.executor != nil { return try await operation(OwnThreadClock(nil)) }
    let executor = ThreadExecutor()
    BlockingThread.startRequired(named: name) { executor.serve() }
    // What the operation began has ended when it returns, so nothing comes after this.
    defer { executor.stop() }
    return try await withTaskExecutorPreference(executor) { try await operation(OwnThreadClock(executor)) }
}

/// Does something on a thread of its own that nobody waits for: what may block, and must not hold its caller up.
///
/// Done at once where the system allows no more threads, and where a test has brought everything onto one executor.
public func aside(named name: String, _ body: @escaping @Sendable () -> Void) {
    if UnstructuredTask.executor != nil { return body() }
    do { try BlockingThread.start(named: name, body) } catch { body() }
}

/// The monotonic clock, with timers on the thread of `withOwnThread`.
public struct OwnThreadClock: SteadyClock {
    public typealias Instant = ContinuousClock.Instant

    /// Nil: there is no thread of its own.
    private let executor: ThreadExecutor?

    init(_ executor: ThreadExecutor?) { self.executor = executor }

    public var now: Instant { MonotonicClock.now }
    public var minimumResolution: Duration { ContinuousClock().minimumResolution }

    /// - Throws: `CancellationError` as soon as the task is cancelled.
    public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        guard let executor else { return try await MonotonicClock().sleep(until: deadline, tolerance: tolerance) }
        try await executor.sleep(until: .after(now.duration(to: deadline)))
    }
}
