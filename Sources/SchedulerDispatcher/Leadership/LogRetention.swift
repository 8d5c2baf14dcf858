public import Logging
public import SchedulerDomain
import SchedulerErrors
import SchedulerFoundation
public import ServiceLifecycle
import Synchronization

/// The leader's broom: deletes old logs of old runs, a little at a time.
///
/// It goes through the logs of old runs once and then rests, since some of those stay: a run may have waited for long.
/// Deleting twice does no harm, so a leader whose term has just ended may finish its step.
public struct LogRetention: Service {
    /// How many chunks one step looks at; a chunk holds about 64 KiB.
    private static let step = 200
    /// The pause between two steps, which leaves the store to others.
    private static let pause = Duration.milliseconds(100)

    private let logs: any RunLogRepository
    private let elector: LeaderElector
    private let retention: Duration
    private let poll: Duration
    private let logger: Logger

    /// - Parameters:
    ///   - retention: how long logs stay.
    ///   - poll: how long it rests when it has looked at all.
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
        let position = Mutex(LogPosition.start)
        await loop.run {
            guard elector.lease != nil else { return nil }
            let step = try await logs.deleteLogs(
                olderThan: retention, after: position.withLock { $0 }, limit: LogRetention.step)
            position.withLock { $0 = step.next ?? .start }
            return step.next.map { _ in LogRetention.pause }
        }
    }
}
