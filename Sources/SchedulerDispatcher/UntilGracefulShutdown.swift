import SchedulerFoundation
import ServiceLifecycle

/// Cancels the body when the process shuts down, and waits for its end.
///
/// - Returns: what the body returned.
@discardableResult
func untilGracefulShutdown<Result: Sendable>(_ body: @escaping @Sendable () async -> Result) async -> Result? {
    await withTaskGroup { group in
        group.addTask { Ended.body(await body()) }
        group.addTask {
            await gracefulShutdownOrCancellation()
            return Ended.shutdown
        }
        var result: Result?
        for await ended in group {
            if case .body(let value) = ended { result = value }
            group.cancelAll()
        }
        return result
    }
}

private enum Ended<Result: Sendable>: Sendable {
    case body(Result)
    case shutdown
}

/// Waits until the process shuts down or the task is cancelled, with no task of its own.
private func gracefulShutdownOrCancellation() async {
    let shutdown = Latch<Void>()
    await withGracefulShutdownHandler {
        _ = await shutdown.wait()
    } onGracefulShutdown: {
        shutdown.fire(())
    }
}
