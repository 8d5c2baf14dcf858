public import Logging
public import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
public import ServiceLifecycle

/// The leader's broom: deletes the logs of old runs, a little at a time.
///
/// Deleting twice does no harm, so a leader whose term has just ended may finish its step.
public struct LogRetention: Service {
    /// The most chunks in one step; a chunk holds about 64 KiB.
    private static let step = 200
    /// The pause between two steps, which leaves the store to others.
    private static let pause = Duration.milliseconds(100)

    private let logs: any RunLogRepository
    private let elector: LeaderElector
    private let retention: Duration
    private let poll: Duration
    private let logger: Logger

    /// - Parameters:
    ///   - retention: how long after a run's creation its logs stay.
    ///   - poll: how often it looks where nothing was left to delete.
    public init(
        logs: any RunLogRepository, elector: LeaderElector, retention: Duration, poll: Duration = .seconds(60),
        logger: Logger
    ) {
        self.logs = logs
        self.elector = elector
        self.retention = retention
        self.poll = poll
        self.logger = logger
    }

    public func run() async throws {
        let loop = RoleLoop(name: "deleting old logs", signal: Signal(), poll: poll, logger: logger)
        await loop.run {
            guard elector.lease != nil else { return nil }
            let deleted = try await logs.deleteLogs(olderThan: retention, limit: LogRetention.step)
            return deleted < LogRetention.step ? nil : LogRetention.pause
        }
    }
}
