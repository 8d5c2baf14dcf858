import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation

/// Loads what a dependent run gets of the runs that it waited for.
struct UpstreamLoader: Sendable {
    let runs: any TaskRunRepository

    /// Waits while the store is away.
    ///
    /// - Returns: nothing where the run depends on none.
    /// - Throws: `CancellationError`, and what no repetition mends.
    func results(for claimed: ClaimedRun) async throws -> [UpstreamResult] {
        guard claimed.trigger == .dependency else { return [] }
        var backoff = Backoff()
        while true {
            do {
                return UpstreamResult.limited(try await runs.upstreams(of: claimed.attempt.run))
            } catch let error as SchedulerError where error.isTransient {
                try await MonotonicClock.sleep(for: backoff.next())
            }
        }
    }
}
