import Logging
import SchedulerDomain
import SchedulerFoundation

/// The shape of a dispatcher's loops: do a pass, wait until something is due, a hint comes or the poll is over;
/// outlive what is worth retrying, and end with the graceful shutdown.
struct RoleLoop: Sendable {
    let name: String
    let signal: Signal
    let poll: Duration
    var clock: any Clock<Duration> = MonotonicClock()
    let logger: Logger

    /// - Parameter pass: does the work and returns how long until more is known to be due; nil: nothing is.
    func run(_ pass: @escaping @Sendable () async throws -> Duration?) async {
        await untilGracefulShutdown {
            var pace = LoopPace(poll: poll)
            while !Task.isCancelled {
                let wait: Duration
                do {
                    wait = pace.afterSuccess(due: try await pass())
                } catch is CancellationError {
                    return
                } catch {
                    let failure = pace.afterFailure()
                    wait = failure.wait
                    if failure.isFirst { log(error) }
                }
                await signal.wait(atMost: wait, clock: clock)
            }
        }
    }

    /// Repeats an operation until it succeeds, and returns its result; nil when the process shuts down before.
    func untilSuccess<Result: Sendable>(_ operation: @escaping @Sendable () async throws -> Result) async -> Result? {
        await untilGracefulShutdown { () -> Result? in
            var pace = LoopPace(poll: poll)
            while !Task.isCancelled {
                do {
                    return try await operation()
                } catch {
                    let failure = pace.afterFailure()
                    if failure.isFirst { log(error) }
                    await signal.wait(atMost: failure.wait, clock: clock)
                }
            }
            return nil
        } ?? nil
    }

    private func log(_ error: any Error) {
        logger.warning(
            "\(name) failed and is tried again: \(error)", metadata: [LogKey.error: "\(String(reflecting: error))"])
    }
}

/// Passes the store's hints of one kind on to a loop, until it is cancelled.
func forward(_ hint: WakeUp, from wakeUps: any WakeUps, to signal: Signal) async {
    for await received in wakeUps.stream() where received == hint { signal.set() }
}
